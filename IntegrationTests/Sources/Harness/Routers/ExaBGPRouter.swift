import Foundation

/// ExaBGP on a host of a test's network. It has no table: a process of its own is told what arrives, and its lines are
/// added up here.
package struct ExaBGPRouter: Router {
  package static let lacks: [InteropCell: String] = [
    .gracefulRestart: "has no table in which routes could be kept",
    .notificationToRouter: "takes every NOTIFICATION for a message that cannot be decoded",
    .shutdownText: "its `teardown` takes a subcode and no sentence",
  ]

  private let process: RestartableProcess
  /// What it tells, a line of JSON for each event.
  private let events: URL
  /// What it is told to do, a line for each command.
  private let commands: URL

  package static func start(on host: NetworkHost, asn: Int, _ peerings: [Peering]) async throws -> ExaBGPRouter {
    let directory = Workspace.current.newDirectory("exabgp")
    let (events, commands) = (directory.appendingPathComponent("events"), directory.appendingPathComponent("commands"))
    for file in [events, commands] { try Data().write(to: file) }
    let script = Tool.repository.appendingPathComponent("IntegrationTests/Peers/exabgp-process.py").path
    let head =
      "process tests {\n  run /usr/bin/python3 \(script) \(events.path) \(commands.path);\n  encoder json;\n}\n"
    let file = try Workspace.current.file("exabgp.conf", head + peerings.map { Self.configuration(asn, $0) }.joined())
    let process = try RestartableProcess(
      on: host, ["exabgp", file], environment: ["exabgp.daemon.user": "root", "exabgp.api.cli": "false"])
    let router = ExaBGPRouter(process: process, events: events, commands: commands)
    try await router.awaitAnswer(after: 0)
    return router
  }

  private static func configuration(_ asn: Int, _ peering: Peering) -> String {
    """
    neighbor \(peering.neighbor) {
      router-id 198.18.1.2;
      local-address \(peering.local);
      local-as \(asn);
      peer-as \(peering.neighborASN);
      hold-time 90;
      passive true;
      listen 179;
      \(peering.password.map { "md5-password \($0);" } ?? "")
      family { \(peering.families.map { "\($0) unicast;" }.joined(separator: " ")) }
      capability { route-refresh enable; }
      api { processes [ tests ]; neighbor-changes; receive { parsed; update; } }
    }

    """
  }

  /// Its process says when it has begun.
  private func awaitAnswer(after count: Int) async throws {
    try await eventually("ExaBGP answers", within: .seconds(20)) {
      let process = self.process.current
      guard process.isRunning else { throw HarnessError.notReady("ExaBGP ended: \(process.standardOutput)") }
      return try self.lines().filter { $0 == "begun" }.count
    } isRight: {
      $0 > count
    }
  }

  private func lines() throws -> [Substring] {
    try String(contentsOf: self.events, encoding: .utf8).split(separator: "\n")
  }

  private struct Event: Decodable {
    struct Neighbor: Decodable {
      struct Addresses: Decodable { var peer: String }

      struct Body: Decodable { var update: Update? }

      var address: Addresses
      var state: String?
      var reason: String?
      var message: Body?
    }

    struct Update: Decodable {
      struct Prefix: Decodable { var nlri: String }

      var attribute: Attributes?
      /// By family, then by next hop.
      var announce: [String: [String: [Prefix]]]?
      var withdraw: [String: [Prefix]]?
    }

    struct Attributes: Decodable {
      var asPath: [Int]?
      var med: Int?
      var localPreference: Int?
      var community: [[Int]]?
      var largeCommunity: [[Int]]?

      enum CodingKeys: String, CodingKey {
        case med, community
        case asPath = "as-path"
        case localPreference = "local-preference"
        case largeCommunity = "large-community"
      }
    }

    var neighbor: Neighbor
  }

  /// Everything that happened with a neighbour since the daemon was started last.
  private func events(of peering: Peering) throws -> [Event.Neighbor] {
    let lines = try self.lines()
    let start = lines.lastIndex(of: "begun") ?? lines.startIndex
    return lines[start...].compactMap { try? JSONDecoder().decode(Event.self, from: Data($0.utf8)).neighbor }
      .filter { $0.address.peer == peering.neighbor }
  }

  package func route(_ prefix: String, from peering: Peering) async throws -> ReceivedRoute? {
    var route: ReceivedRoute?
    for event in try self.events(of: peering) {
      if event.state == "down" { route = nil }
      guard let update = event.message?.update else { continue }
      if update.withdraw?.values.contains(where: { $0.contains { $0.nlri == prefix } }) == true { route = nil }
      let announced = (update.announce ?? [:]).values.flatMap { $0 }
      let nextHops = announced.filter { $0.value.contains { $0.nlri == prefix } }.map(\.key)
      if !nextHops.isEmpty { route = Self.route(update.attribute, nextHops) }
    }
    return route
  }

  private static func route(_ attributes: Event.Attributes?, _ nextHops: [String]) -> ReceivedRoute {
    func communities(_ values: [[Int]]?) -> Set<String> {
      Set((values ?? []).map { $0.map(String.init).joined(separator: ":") })
    }
    return ReceivedRoute(
      asPath: attributes?.asPath ?? [], nextHops: nextHops, med: attributes?.med,
      localPreference: attributes?.localPreference, communities: communities(attributes?.community),
      largeCommunities: communities(attributes?.largeCommunity))
  }

  package func isEstablished(_ peering: Peering) async throws -> Bool {
    try self.events(of: peering).last { $0.state != nil }?.state == "up"
  }

  package func updateCount(from peering: Peering) async throws -> Int {
    try self.events(of: peering).count { $0.message?.update != nil }
  }

  package func hasHeard(_ farewell: Farewell, from peering: Peering) async throws -> Bool {
    throw HarnessError.notReady("ExaBGP does not tell")
  }

  private func command(_ text: String) throws {
    let file = try FileHandle(forWritingTo: self.commands)
    try file.seekToEnd()
    try file.write(contentsOf: Data("\(text)\n".utf8))
    try file.close()
  }

  package func requestRefresh(of peering: Peering) async throws {
    for family in peering.families {
      try self.command("neighbor \(peering.neighbor) announce route-refresh \(family) unicast")
    }
  }

  /// The session may come back at once: it has no way to stay down.
  package func shutDown(_ peering: Peering, saying text: String) async throws {
    try self.command("neighbor \(peering.neighbor) teardown 2")
  }

  package func bringUp(_ peering: Peering) async throws {}

  package func kill() { self.process.signal(SIGKILL) }

  package func restart() async throws {
    let count = try self.lines().filter { $0 == "begun" }.count
    try await self.process.restart()
    try await self.awaitAnswer(after: count)
  }
}
