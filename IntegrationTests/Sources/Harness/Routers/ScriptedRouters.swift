import Foundation

/// Routers of `Peers/bgp-peers.py` on one host, one for each address: many, and such as no good daemon can be made to be.
package struct ScriptedRouters: Sendable {
  package enum Behaviour: String, Sendable {
    case steady, flapping, deaf, leaving, garbage
  }

  /// What one of them has seen.
  package struct Status: Decodable, Sendable, Equatable {
    /// How often it was established.
    package var sessions: Int
    package var isUp: Bool
    package var prefixes: [String]
    package var updates: Int
    /// Of a router that talks garbage: what it said, what came of it, and what should.
    package var answers: [String: [String]]
    /// How many things it has still to say.
    package var left: Int
  }

  package static let asn = 65001

  private let status: URL
  private let process: ChildProcess

  package static func start(on host: NetworkHost, _ routers: [String: Behaviour]) async throws -> ScriptedRouters {
    let status = Workspace.current.newDirectory("routers").appendingPathComponent("status")
    let script = Tool.repository.appendingPathComponent("IntegrationTests/Peers/bgp-peers.py").path
    let peers = routers.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.rawValue)" }
    let process = try host.start(["/usr/bin/python3", script, status.path, "\(Self.asn)"] + peers)
    let started = ScriptedRouters(status: status, process: process)
    try await eventually("the routers listen", equals: routers.count, within: .seconds(15)) {
      guard process.isRunning else { throw HarnessError.notReady("they ended: \(process.standardError)") }
      return try started.read().count
    }
    return started
  }

  /// What each has seen, by its address.
  package func read() throws -> [String: Status] {
    try JSONDecoder().decode([String: Status].self, from: Data(contentsOf: self.status))
  }
}
