import Foundation

/// OpenBGPD on a host of a test's network.
package struct OpenBGPDRouter: Router {
  package static let lacks: [InteropCell: String] = [
    .gracefulRestart: "announces the capability for End-of-RIB alone, and keeps no family's routes"
  ]

  private let host: NetworkHost
  private let socket: String
  private let process: RestartableProcess

  package static func start(on host: NetworkHost, asn: Int, _ peerings: [Peering]) async throws -> OpenBGPDRouter {
    let socket = Workspace.current.newDirectory("openbgpd").appendingPathComponent("bgpd.sock").path
    let head = "AS \(asn)\nrouter-id 198.18.1.2\nfib-update no\nsocket \"\(socket)\"\nallow from any\n"
    let file = try Workspace.current.file("bgpd.conf", head + peerings.map { Self.configuration($0) }.joined())
    // It reads only what nobody else can write, and changes its root to where its package keeps nothing.
    _ = try await Harness.run(["chmod", "600", file]).expectSuccess()
    _ = try await Harness.run(["mkdir", "-p", "/run/openbgpd"]).expectSuccess()
    let router = OpenBGPDRouter(
      host: host, socket: socket, process: try RestartableProcess(on: host, ["/usr/sbin/bgpd", "-d", "-f", file]))
    try await router.awaitAnswer()
    return router
  }

  private static func configuration(_ peering: Peering) -> String {
    let families = Peering.Family.allCases.map { family in
      "announce \(family == .ipv4 ? "IPv4" : "IPv6") \(peering.families.contains(family) ? "unicast" : "none")"
    }
    return """
      neighbor \(peering.neighbor) {
        remote-as \(peering.neighborASN)
        passive
        \(families.joined(separator: "\n  "))
        \(peering.isMultihop ? "multihop 5" : "")
        \(peering.password.map { "tcp md5sig password \"\($0)\"" } ?? "")
      }

      """
  }

  private func awaitAnswer() async throws {
    try await eventually("OpenBGPD answers", within: .seconds(15)) {
      let process = self.process.current
      guard process.isRunning else { throw HarnessError.notReady("OpenBGPD ended: \(process.standardError)") }
      return try await self.show("show summary")
    } isRight: {
      $0.contains("Neighbor")
    }
  }

  @discardableResult
  private func show(_ command: String) async throws -> String {
    try await self.host.run("sh", "-c", "bgpctl -s \(self.socket) \(command)").expectSuccess()
  }

  private func read<Value: Decodable>(_ command: String, as type: Value.Type = Value.self) async throws -> Value {
    // An answer can be late until something else happens to the daemon: another question does.
    let ask = "timeout 0.4 bgpctl -j -s \(self.socket) \(command)"
    let text = try await self.host.run("sh", "-c", "\(ask) || \(ask) || bgpctl -j -s \(self.socket) \(command)")
      .expectSuccess()
    return try JSONDecoder().decode(type, from: Data(text.utf8))
  }

  private struct Table: Decodable {
    struct Entry: Decodable {
      var prefix: String
      var aspath: String?
      var exit_nexthop: String?
      var metric: Int?
      var localpref: Int?
      var communities: [String]?
      var large_communities: [String]?
    }

    var rib: [Entry]?
  }

  package func route(_ prefix: String, from peering: Peering) async throws -> ReceivedRoute? {
    let table: Table = try await self.read("show rib neighbor \(peering.neighbor) detail")
    guard let entry = table.rib?.first(where: { $0.prefix == prefix }) else { return nil }
    return ReceivedRoute(
      asPath: (entry.aspath ?? "").split(separator: " ").compactMap { Int($0) },
      nextHops: [entry.exit_nexthop].compactMap { $0 },
      // It has a number where others have none.
      med: entry.metric == 0 ? nil : entry.metric, localPreference: entry.localpref,
      communities: Set((entry.communities ?? []).map(ReceivedRoute.community)),
      largeCommunities: Set(entry.large_communities ?? []))
  }

  private struct Neighbors: Decodable {
    struct Neighbor: Decodable {
      struct Stats: Decodable {
        struct Messages: Decodable { var received: [String: Int] }

        var message: Messages
      }

      var state: String
      var last_error_received: String?
      var stats: Stats?
    }

    var neighbors: [Neighbor]
  }

  private func neighbor(_ peering: Peering) async throws -> Neighbors.Neighbor {
    let all: Neighbors = try await self.read("show neighbor \(peering.neighbor)")
    guard let neighbor = all.neighbors.first else {
      throw HarnessError.notReady("OpenBGPD has no neighbor \(peering.neighbor)")
    }
    return neighbor
  }

  package func isEstablished(_ peering: Peering) async throws -> Bool {
    try await self.neighbor(peering).state == "Established"
  }

  package func updateCount(from peering: Peering) async throws -> Int {
    try await self.neighbor(peering).stats?.message.received["updates"] ?? 0
  }

  package func hasHeard(_ farewell: Farewell, from peering: Peering) async throws -> Bool {
    farewell.isIn(try await self.neighbor(peering).last_error_received ?? "")
  }

  package func requestRefresh(of peering: Peering) async throws {
    try await self.show("neighbor \(peering.neighbor) refresh")
  }

  package func shutDown(_ peering: Peering, saying text: String) async throws {
    try await self.show("neighbor \(peering.neighbor) down '\(text)'")
  }

  package func bringUp(_ peering: Peering) async throws { try await self.show("neighbor \(peering.neighbor) up") }

  /// After an error it rests for half a minute and more.
  package func forgive(_ peering: Peering) async throws {
    if try await self.neighbor(peering).state == "Idle" { try await self.show("neighbor \(peering.neighbor) clear") }
  }

  package func kill() { self.process.signal(SIGKILL) }

  package func restart() async throws {
    try await self.process.restart()
    try await self.awaitAnswer()
  }
}
