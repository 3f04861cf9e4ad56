import Foundation

/// A host of a test's network: a namespace to plug into segments and to run programs in.
package struct NetworkHost: Sendable {
  package let name: String
  package let namespace: NetworkNamespace
  let network: TestNetwork

  /// Runs a program on the host to its end.
  @discardableResult
  package func run(
    _ command: String..., environment: [String: String] = [:], input: String = "", within limit: Duration = .seconds(30)
  ) async throws -> Output {
    try await Harness.run(
      self.entering(command), environment: self.marked(environment), input: input, within: limit)
  }

  /// Starts a program on the host. It is stopped with the network, if not before.
  package func start(_ command: String..., environment: [String: String] = [:]) throws -> ChildProcess {
    try self.start(command, environment: environment)
  }

  package func start(_ command: [String], environment: [String: String] = [:]) throws -> ChildProcess {
    let process = try ChildProcess(self.entering(command), environment: self.marked(environment))
    self.network.adopt(process)
    return process
  }

  /// Commands of `ip` on the host, without the `ip`: `try await host.ip("link set eth0 mtu 1400")`.
  package func ip(_ commands: String...) async throws {
    for command in commands { try await self.namespace.ip(command) }
  }

  /// Waits until the host gets an answer to a ping.
  package func awaitReach(_ address: String, within limit: Duration = .seconds(10)) async throws {
    try await eventually("\(self.name) reaches \(address)", equals: 0, within: limit) {
      try await self.run("ping", "-n", "-c", "1", "-W", "1", address).code
    }
  }

  /// `ip netns exec` replaces itself by the program, which so has the process identifier that the test knows.
  private func entering(_ command: [String]) -> [String] {
    ["ip", "netns", "exec", self.namespace.name] + command
  }

  private func marked(_ environment: [String: String]) -> [String: String] {
    environment.merging([TestNetwork.mark: self.network.prefix]) { given, _ in given }
  }
}
