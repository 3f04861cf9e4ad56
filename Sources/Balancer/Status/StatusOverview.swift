import KubernetesModel

/// `metallb status`: pools and their fill, Services and who announces them, speakers and their sessions, problems.
package struct StatusOverview: StatusView {
  /// So many Services and nodes are shown to who has not asked for all.
  private static let rowLimit = 40

  private let status: ClusterStatus
  private let isWide: Bool

  package init(_ status: ClusterStatus, isWide: Bool) {
    self.status = status
    self.isWide = isWide
  }

  private func limit(_ view: String) -> StatusLimit {
    StatusLimit(self.isWide ? 0 : Self.rowLimit, hint: "metallb status \(view) shows them")
  }

  package func lines(colours: Bool, width: Int) -> [String] {
    let outer = self.isWide ? max(width, 200) : width
    let (pools, morePools) = self.limit("pools").cut(self.status.pools)
    var lines = StatusText.verdict(self.status, colours: colours, width: width) + [""]
    lines += Self.section(
      "Pools", StatusPools.summary(of: self.status, pools: pools, isWide: self.isWide), otherwise: StatusPools.none,
      colours: colours, width: outer)
    lines += morePools + [""]
    lines += StatusServices(StatusExtract(self.status, isWide: self.isWide, limit: self.limit("services")))
      .body(colours: colours, width: outer)
    lines += [""] + self.speakers(colours: colours, width: outer)
    lines += [""] + StatusNodes.controllers(of: self.status, colours: colours, width: outer)
    return lines + StatusText.conclusion(self.status, colours: colours, width: width)
  }

  package var names: [String] { StatusServices(StatusExtract(self.status)).names }

  package var json: JSONValue { self.status.json }

  private static func count(_ services: Int) -> String { services == 1 ? "1 Service" : "\(services) Services" }

  private func speakers(colours: Bool, width: Int) -> [String] {
    let nodes = Dictionary(self.status.nodes.map { ($0.name, $0) }) { first, _ in first }
    let rows = self.status.speakers.map { StatusNodes.Row(name: $0.node, node: nodes[$0.node], speaker: $0) }
    let (shown, more) = self.limit("nodes").cut(
      rows.count > Self.rowLimit ? rows.filter(\.isTroubled) + rows.filter { !$0.isTroubled } : rows)
    let table = TextTable(
      header: ["NODE", "LAYER 2", "BGP SESSIONS", "MEMBERS", "STATE"],
      rows: shown.map { row in
        let status = row.speaker?.status
        return [
          Styled(row.name.isEmpty ? row.speaker?.pod ?? "" : row.name),
          Styled(status.map { Self.count($0.layer2.announcements.count) } ?? "-"), StatusNodes.sessions(of: status),
          StatusNodes.members(of: status), StatusNodes.state(of: row.speaker, on: row.node),
        ]
      })
    return Self.section("Speakers", table, otherwise: "There is none.", colours: colours, width: width) + more
  }
}
