import Foundation

/// What `show bgp … PREFIX json` of FRR says of one path.
private struct FRRPath: Decodable {
  struct Text: Decodable { var string: String }
  struct Hop: Decodable { var ip: String }
  struct Source: Decodable { var peerId: String }

  var aspath: Text?
  var community: Text?
  var largeCommunity: Text?
  var metric: Int?
  var locPrf: Int?
  var stale: Bool?
  var nexthops: [Hop]?
  var peer: Source?
}

private struct FRREntry: Decodable { var paths: [FRRPath]? }

private struct FRRNeighbor: Decodable {
  var bgpState: String
  var lastResetDueTo: String?
  var lastErrorCodeSubcode: String?
  var lastNotificationReason: String?
  var messageStats: [String: Int]?
}

extension FRRRouter: Router {
  package static let lacks: [InteropCell: String] = [:]

  package static func start(on host: NetworkHost, asn: Int, _ peerings: [Peering]) async throws -> FRRRouter {
    var daemons: [Daemon: String] = [.bgpd: Self.configuration(asn, peerings)]
    if peerings.contains(where: { $0.bfd != nil }) {
      daemons[.bfdd] = """
        bfd
         profile rack
          detect-multiplier 6
          receive-interval 200
          transmit-interval 200
         !
        !
        """
    }
    return try await FRRRouter.start(on: host, daemons)
  }

  private static func configuration(_ asn: Int, _ peerings: [Peering]) -> String {
    var lines = [
      "router bgp \(asn)", " bgp router-id 198.18.1.2", " no bgp default ipv4-unicast", " no bgp ebgp-requires-policy",
    ]
    if peerings.contains(where: \.keepsRoutes) { lines.append(" bgp graceful-restart") }
    for peering in peerings {
      let neighbor = " neighbor \(peering.neighbor)"
      lines += ["\(neighbor) remote-as \(peering.neighborASN)", "\(neighbor) passive"]
      lines += ["\(neighbor) update-source \(peering.local)"]
      if let password = peering.password { lines.append("\(neighbor) password \(password)") }
      if peering.isMultihop, peering.neighborASN != asn { lines.append("\(neighbor) ebgp-multihop 5") }
      if let bfd = peering.bfd { lines.append("\(neighbor) bfd \(bfd)") }
    }
    for family in Peering.Family.allCases {
      lines.append(" address-family \(family) unicast")
      lines += peerings.filter { $0.families.contains(family) }.map { "  neighbor \($0.neighbor) activate" }
      lines.append(" exit-address-family")
    }
    return lines.joined(separator: "\n")
  }

  package func route(_ prefix: String, from peering: Peering) async throws -> ReceivedRoute? {
    let family = prefix.contains(":") ? "ipv6" : "ipv4"
    let entry: FRREntry = try await self.read("show bgp \(family) unicast \(prefix) json")
    guard let path = entry.paths?.first(where: { $0.peer?.peerId == peering.neighbor }) else { return nil }
    func communities(_ text: FRRPath.Text?) -> Set<String> {
      Set((text?.string ?? "").split(separator: " ").map { ReceivedRoute.community(String($0)) })
    }
    return ReceivedRoute(
      asPath: (path.aspath?.string ?? "").split(separator: " ").compactMap { Int($0) },
      nextHops: (path.nexthops ?? []).map(\.ip), med: path.metric, localPreference: path.locPrf,
      communities: communities(path.community), largeCommunities: communities(path.largeCommunity),
      isStale: path.stale ?? false)
  }

  private func neighbor(_ peering: Peering) async throws -> FRRNeighbor {
    let neighbors: [String: FRRNeighbor] = try await self.read("show bgp neighbors \(peering.neighbor) json")
    guard let neighbor = neighbors[peering.neighbor] else {
      throw HarnessError.notReady("FRR has no neighbor \(peering.neighbor)")
    }
    return neighbor
  }

  package func isEstablished(_ peering: Peering) async throws -> Bool {
    try await self.neighbor(peering).bgpState == "Established"
  }

  package func updateCount(from peering: Peering) async throws -> Int {
    try await self.neighbor(peering).messageStats?["updatesRecv"] ?? 0
  }

  package func hasHeard(_ farewell: Farewell, from peering: Peering) async throws -> Bool {
    let neighbor = try await self.neighbor(peering)
    return neighbor.lastResetDueTo?.contains("Notification received") == true
      && farewell.isIn(neighbor.lastNotificationReason ?? "")
  }

  package func requestRefresh(of peering: Peering) async throws {
    for family in peering.families { try await self.show("clear bgp \(family) unicast \(peering.neighbor) in") }
  }

  package func shutDown(_ peering: Peering, saying text: String) async throws {
    try await self.configure(try await self.instance(), "neighbor \(peering.neighbor) shutdown message \(text)")
  }

  package func bringUp(_ peering: Peering) async throws {
    try await self.configure(try await self.instance(), "no neighbor \(peering.neighbor) shutdown")
  }

  /// The line that its configuration of BGP begins with.
  private func instance() async throws -> String {
    let configuration = try await self.show("show running-config bgpd")
    guard let line = configuration.split(separator: "\n").first(where: { $0.hasPrefix("router bgp ") }) else {
      throw HarnessError.notReady("FRR runs no BGP")
    }
    return String(line)
  }

  package func kill() { self.end(.bgpd, SIGKILL) }

  package func restart() async throws { try await self.restart(.bgpd) }
}
