import Foundation

extension BIRDRouter: Router {
  package static let lacks: [InteropCell: String] = [:]

  package static func start(on host: NetworkHost, asn: Int, _ peerings: [Peering]) async throws -> BIRDRouter {
    var lines = [
      "log stderr { warning, error, fatal, auth };", "router id 198.18.1.2;", "protocol device {}",
      "protocol direct { ipv4; ipv6; }",
    ]
    if peerings.contains(where: { $0.bfd != nil }) { lines.append("protocol bfd {}") }
    lines += peerings.map { Self.configuration(asn, $0) }
    return try await BIRDRouter.start(on: host, lines.joined(separator: "\n"))
  }

  private static func configuration(_ asn: Int, _ peering: Peering) -> String {
    """
    protocol bgp \(peering.name) {
      local \(peering.local) as \(asn);
      neighbor \(peering.neighbor) as \(peering.neighborASN);
      passive on; error wait time 1, 2;
      \(peering.isMultihop ? "multihop 5;" : "direct;")
      \(peering.password.map { "password \"\($0)\";" } ?? "")
      \(peering.bfd.map { "bfd \($0);" } ?? "")
      \(peering.families.map { "\($0) { import all; export none; };" }.joined(separator: "\n  "))
    }
    """
  }

  package func route(_ prefix: String, from peering: Peering) async throws -> ReceivedRoute? {
    let text = try await self.ask("show route \(prefix) protocol \(peering.name) all")
    guard text.contains("BGP.origin") else { return nil }
    func value(_ name: String) -> String? {
      text.split(separator: "\n").lazy.map { $0.trimmingCharacters(in: .whitespaces) }
        .first { $0.hasPrefix("BGP.\(name):") }
        .map { String($0.dropFirst("BGP.\(name):".count).trimmingCharacters(in: .whitespaces)) }
    }
    /// `(64700,120) (65535,65281)`, `(64700, 300, 100)`
    func communities(_ name: String) -> Set<String> {
      let groups = (value(name) ?? "").split(separator: "(")
      return Set(groups.map { $0.filter { $0.isNumber || $0 == "," }.replacing(",", with: ":") })
    }
    return ReceivedRoute(
      asPath: (value("as_path") ?? "").split(separator: " ").compactMap { Int($0) },
      nextHops: (value("next_hop") ?? "").split(separator: " ").map(String.init), med: value("med").flatMap { Int($0) },
      localPreference: value("local_pref").flatMap { Int($0) }, communities: communities("community"),
      largeCommunities: communities("large_community"))
  }

  package func isEstablished(_ peering: Peering) async throws -> Bool {
    try await self.show("show protocols \(peering.name)").contains("Established")
  }

  package func updateCount(from peering: Peering) async throws -> Int {
    try await self.show("show protocols all \(peering.name)").split(separator: "\n")
      .filter { $0.contains("Import updates:") }
      .compactMap { $0.split(separator: " ").dropFirst(2).first.flatMap { Int($0) } }.reduce(0, +)
  }

  package func hasHeard(_ farewell: Farewell, from peering: Peering) async throws -> Bool {
    let text = try await self.show("show protocols all \(peering.name)")
    return text.split(separator: "\n").contains { $0.contains("Received: ") && farewell.isIn(String($0)) }
  }

  package func requestRefresh(of peering: Peering) async throws { try await self.show("reload in \(peering.name)") }

  package func shutDown(_ peering: Peering, saying text: String) async throws {
    _ = try await self.ask("disable \(peering.name) \"\(text)\"")
  }

  package func bringUp(_ peering: Peering) async throws { try await self.show("enable \(peering.name)") }

  package func kill() { self.end(SIGKILL) }
}
