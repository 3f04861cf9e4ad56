import KubernetesModel

/// `metallb status services`: every Service of type LoadBalancer, its addresses and who attracts its traffic.
package struct StatusServices: ExtractView {
  let extract: StatusExtract
  /// Whether it is about those alone that want something.
  private let isOfTroubled: Bool

  package init(_ extract: StatusExtract, isOfTroubled: Bool = false) {
    self.extract = extract
    self.isOfTroubled = isOfTroubled
  }

  package func lines(colours: Bool, width: Int) -> [String] {
    self.body(colours: colours, width: width)
      + StatusText.conclusion(self.status, colours: colours, width: width, about: [Service.type.kind])
  }

  /// Without the problems at the end.
  func body(colours: Bool, width: Int) -> [String] {
    let width = self.isWide ? max(width, 200) : width
    let (shown, more) = self.limit.cut(self.ordered, self.isEveryTroubledShown ? ", all well" : "")
    return Self.section(
      "Services",
      TextTable(header: self.header, rows: shown.map(self.row)),
      otherwise: self.isOfTroubled ? "None wants anything." : "There is none of type LoadBalancer.", colours: colours,
      width: width) + more
  }

  package var names: [String] { self.ordered.map(\.service.description) }

  package var json: JSONValue { ["services": .array(self.ordered.map(\.json))] }

  // MARK: Which

  private static func wants(_ exposure: ClusterStatus.Exposure) -> Bool {
    !exposure.isForeign && (exposure.reason != nil || exposure.addresses.isEmpty || !exposure.isHeard)
  }

  /// Those that want something first, where not all are shown.
  private var ordered: [ClusterStatus.Exposure] {
    let all = self.status.exposures
    if self.isOfTroubled { return all.filter(Self.wants) }
    guard self.limit.count > 0, all.count > self.limit.count else { return all }
    return all.filter(Self.wants) + all.filter { !Self.wants($0) }
  }

  private var isEveryTroubledShown: Bool {
    !self.isOfTroubled
      && self.status.exposures.lazy.filter(Self.wants).prefix(self.limit.count + 1).count
        <= self.limit.count
  }

  // MARK: Rows

  private var header: [String] {
    ["NAME", "ADDRESSES", "POOL"] + (self.isWide ? ["NEXT"] : []) + ["ANNOUNCED BY"]
  }

  private func row(of exposure: ClusterStatus.Exposure) -> [Styled] {
    let addresses =
      exposure.addresses.isEmpty
      ? Styled("<pending>", .warning) : Styled(exposure.addresses.joined(separator: ","))
    let next = exposure.announcers.compactMap(\.next).first
    return [Styled(exposure.service.description), addresses, Styled(exposure.pool ?? "-")]
      + (self.isWide ? [Styled(next ?? "-")] : []) + [self.announcers(of: exposure)]
  }

  private func announcers(of exposure: ClusterStatus.Exposure) -> Styled {
    if exposure.isForeign { return Styled("another load balancer's") }
    if exposure.addresses.isEmpty { return Styled(exposure.reason ?? "nobody, as it has no address", .warning) }
    guard !exposure.announcers.isEmpty else { return Styled("nobody", .bad) }
    let layer2 = exposure.announcers.filter { $0.announcingProtocol == .layer2 }.map { announcer in
      "\(announcer.node) (layer2, \(StatusText.age(announcer.seconds)))"
    }
    let bgp = exposure.announcers.filter { $0.announcingProtocol == .bgp }
    var parts = layer2
    if bgp.count > 3 && !self.isWide {
      let routers = Set(bgp.flatMap(\.peers)).sorted()
      parts.append("\(bgp.count) nodes (bgp, to \(ClusterStatus.list(routers)))")
    } else {
      parts += bgp.map {
        "\($0.node) (bgp, \(StatusText.age($0.seconds)), to \($0.peers.joined(separator: " and "))\(Self.silence(of: $0)))"
      }
    }
    return Styled(parts.joined(separator: ", "), exposure.isHeard ? .good : .bad)
  }

  /// That some of the routers hear nothing of it.
  private static func silence(of announcer: ClusterStatus.Announcer) -> String {
    switch announcer.unheardBy.count {
    case 0: ""
    case announcer.peers.count: ", without a session"
    default: ", without a session with \(announcer.unheardBy.joined(separator: " and "))"
    }
  }
}
