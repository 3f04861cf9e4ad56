import Foundation

/// BIRD on a host of a test's network.
package struct BIRDRouter: Sendable {
  package let host: NetworkHost
  private let file: URL
  private let socket: String
  private let process: RestartableProcess

  /// Starts it with a configuration, and waits until it answers. `program` is one of another release.
  package static func start(
    on host: NetworkHost, program: String = "bird", _ configuration: String
  ) async throws -> BIRDRouter {
    let directory = Workspace.current.newDirectory("bird")
    let (file, socket) = (directory.appendingPathComponent("bird.conf"), directory.appendingPathComponent("bird.ctl"))
    try configuration.write(to: file, atomically: false, encoding: .utf8)
    let process = try RestartableProcess(on: host, [program, "-f", "-c", file.path, "-s", socket.path])
    let router = BIRDRouter(host: host, file: file, socket: socket.path, process: process)
    try await router.awaitAnswer()
    return router
  }

  private func awaitAnswer() async throws {
    try await eventually("BIRD answers", within: .seconds(15)) {
      let process = self.process.current
      guard process.isRunning else { throw HarnessError.notReady("BIRD ended: \(process.standardError)") }
      return try await self.show("show status")
    } isRight: {
      $0.contains("Daemon is up and running")
    }
  }

  /// Starts it again with the same configuration, and waits until it answers.
  package func restart() async throws {
    try await self.process.restart()
    try await self.awaitAnswer()
  }

  /// Has it read another configuration; what did not change goes on.
  package func configure(_ configuration: String) async throws {
    try configuration.write(to: self.file, atomically: false, encoding: .utf8)
    try await self.show("configure")
  }

  /// What a command of birdc prints.
  @discardableResult
  package func show(_ command: String) async throws -> String {
    try await run(["birdc", "-s", self.socket] + command.split(separator: " ").map(String.init)).expectSuccess()
  }

  /// The same for one that may fail, as that for a route which is not there.
  func ask(_ command: String) async throws -> String {
    try await run(["birdc", "-s", self.socket, command]).out
  }

  package func end(_ signal: Int32) {
    self.process.signal(signal)
  }
}
