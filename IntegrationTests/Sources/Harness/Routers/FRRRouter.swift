import Foundation

/// FRR on a host of a test's network: zebra, and those of its daemons that a test configures.
///
///     let router = try await FRRRouter.start(on: host, [.bfdd: "bfd\n peer 198.18.1.1\n"])
///     try await router.show("show bfd peers json")
///
/// Its sockets and files are in a directory of its own, so that any number of them live beside each other.
package struct FRRRouter: Sendable {
  package enum Daemon: String, Sendable, CaseIterable {
    case zebra, staticd, bgpd, bfdd
  }

  package let host: NetworkHost
  private let directory: URL
  private let processes: [Daemon: RestartableProcess]

  /// Starts zebra and the daemons that have a configuration, and waits until they answer.
  package static func start(on host: NetworkHost, _ configurations: [Daemon: String]) async throws -> FRRRouter {
    let directory = Workspace.current.newDirectory("frr")
    var processes: [Daemon: RestartableProcess] = [:]
    for daemon in Daemon.allCases {
      guard let configuration = configurations[daemon] ?? (daemon == .zebra ? "" : nil) else { continue }
      let file = directory.appendingPathComponent("\(daemon.rawValue).conf")
      try "log stdout\n\(configuration)\n".write(to: file, atomically: false, encoding: .utf8)
      // FRR gives its privileges up for those of this user.
      _ = try await run(["chown", "-R", "frr:frr", directory.path]).expectSuccess()
      processes[daemon] = try self.start(daemon, on: host, in: directory)
      try await self.awaitAnswer(of: daemon, in: directory)
    }
    return FRRRouter(host: host, directory: directory, processes: processes)
  }

  private static func start(_ daemon: Daemon, on host: NetworkHost, in directory: URL) throws -> RestartableProcess {
    func path(_ name: String) -> String { directory.appendingPathComponent(name).path }
    var command = [
      "/usr/lib/frr/\(daemon.rawValue)", "-z", path("zserv.api"), "--vty_socket", directory.path, "-i",
      path("\(daemon.rawValue).pid"), "-f", path("\(daemon.rawValue).conf"), "-P", "0",
    ]
    switch daemon {
    case .bfdd: command += ["--bfdctl", path("bfdd.sock")]
    case .zebra, .staticd, .bgpd: break
    }
    return try RestartableProcess(on: host, command)
  }

  private static func awaitAnswer(of daemon: Daemon, in directory: URL) async throws {
    try await eventually("\(daemon.rawValue) answers", equals: 0, within: .seconds(15)) {
      try await run(["vtysh", "--vty_socket", directory.path, "-d", daemon.rawValue, "-c", "show version"]).code
    }
  }

  /// What a command of vtysh prints.
  @discardableResult
  package func show(_ commands: String...) async throws -> String {
    let words = commands.flatMap { ["-c", $0] }
    return try await run(["vtysh", "--vty_socket", self.directory.path] + words).expectSuccess()
  }

  /// Changes the running configuration, line by line.
  package func configure(_ lines: String...) async throws {
    let words = (["configure terminal"] + lines).flatMap { ["-c", $0] }
    _ = try await run(["vtysh", "--vty_socket", self.directory.path] + words).expectSuccess()
  }

  /// What a command prints as JSON, read into a type.
  package func read<Value: Decodable>(_ command: String, as type: Value.Type = Value.self) async throws -> Value {
    try JSONDecoder().decode(type, from: Data(try await self.show(command).utf8))
  }

  /// Ends a daemon as a crash does, or lets it stop in order.
  package func end(_ daemon: Daemon, _ signal: Int32) {
    self.processes[daemon]?.signal(signal)
  }

  /// Starts a daemon again that has ended, and waits until it answers.
  package func restart(_ daemon: Daemon) async throws {
    try await self.processes[daemon]?.restart()
    try await Self.awaitAnswer(of: daemon, in: self.directory)
  }
}
