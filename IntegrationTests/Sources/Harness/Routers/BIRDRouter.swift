import Foundation

/// BIRD on a host of a test's network.
package struct BIRDRouter: Sendable {
  package let host: NetworkHost
  private let socket: String
  private let process: ChildProcess

  /// Starts it with a configuration, and waits until it answers.
  package static func start(on host: NetworkHost, _ configuration: String) async throws -> BIRDRouter {
    let directory = Workspace.current.newDirectory("bird")
    let (file, socket) = (directory.appendingPathComponent("bird.conf"), directory.appendingPathComponent("bird.ctl"))
    try configuration.write(to: file, atomically: false, encoding: .utf8)
    let process = try host.start("bird", "-f", "-c", file.path, "-s", socket.path)
    let router = BIRDRouter(host: host, socket: socket.path, process: process)
    try await eventually("BIRD answers", within: .seconds(15)) {
      guard process.isRunning else { throw HarnessError.notReady("BIRD ended: \(process.standardError)") }
      return try await router.show("show status")
    } isRight: {
      $0.contains("Daemon is up and running")
    }
    return router
  }

  /// What a command of birdc prints.
  @discardableResult
  package func show(_ command: String) async throws -> String {
    try await run(["birdc", "-s", self.socket] + command.split(separator: " ").map(String.init)).expectSuccess()
  }

  package func end(_ signal: Int32) {
    self.process.signal(signal)
  }
}
