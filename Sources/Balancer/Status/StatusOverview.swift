import KubernetesModel

/// `metallb status`: pools and their fill, Services and who announces them, speakers and their sessions, problems.
package struct StatusOverview: Sendable {
  /// How many Services are shown to who has not asked for all.
  private static let serviceLimit = 40

  private let status: ClusterStatus
  private let isWide: Bool

  package init(_ status: ClusterStatus, isWide: Bool) {
    self.status = status
    self.isWide = isWide
  }

  package func lines(colours: Bool, width: Int) -> [String] {
    func heading(_ text: String) -> String { StatusText.heading(text, colours: colours) }
    let width = self.isWide ? max(width, 200) : width
    var lines = [heading("Pools")]
    lines +=
      self.status.pools.isEmpty
      ? ["  There are none: create an IPAddressPool."] : self.pools.lines(indent: 2, width: width, colours: colours)
    lines += ["", heading("Services")]
    lines +=
      self.shown.isEmpty
      ? ["  There is none of type LoadBalancer."] : self.services.lines(indent: 2, width: width, colours: colours)
    let hidden = self.status.exposures.count - self.shown.count
    if hidden > 0 { lines.append("  and \(hidden) more, all well: -o wide shows them") }
    lines += ["", heading("Speakers")]
    lines += self.speakers.lines(indent: 2, width: width, colours: colours)
    return lines + StatusText.conclusion(self.status, colours: colours, width: width)
  }

  // MARK: Pools

  private var pools: TextTable {
    TextTable(
      header: ["NAME", "ADDRESSES", "IN USE", "FILL"],
      rows: self.status.pools.map { pool in
        let counters = self.counters(of: pool)
        let (assigned, capacity) = (counters?.assigned ?? 0, counters?.capacity ?? 0)
        let isFull = counters != nil && assigned >= capacity
        let fill = counters == nil ? "" : StatusText.bar(assigned, of: capacity)
        let use = counters == nil ? "unknown" : "\(assigned) of \(Self.text(capacity))"
        return [
          Styled(pool.key.name), Styled(self.addresses(of: pool)), Styled(use),
          Styled(fill, isFull ? .bad : assigned >= capacity - capacity / 10 ? .warning : .plain),
        ]
      })
  }

  private func addresses(of pool: IPAddressPool) -> String {
    let all = pool.spec.addresses
    return all.count <= 2 || self.isWide ? all.joined(separator: ", ") : "\(all[0]) and \(all.count - 1) more"
  }

  /// What the controller that leads says, else what it has written into the object.
  private func counters(of pool: IPAddressPool) -> (assigned: Int64, capacity: Int64)? {
    let told = self.status.controllers.compactMap(\.status).first(where: \.isLeading)
    if let fill = told?.pools.first(where: { $0.name == pool.key.name }) {
      let (capacity, isOver) = fill.ipv4.capacity.addingReportingOverflow(fill.ipv6.capacity)
      return (fill.ipv4.assigned + fill.ipv6.assigned, isOver ? .max : capacity)
    }
    guard let status = pool.status else { return nil }
    let assigned = status.assignedIPv4 + status.assignedIPv6
    let (available, isOver) = status.availableIPv4.addingReportingOverflow(status.availableIPv6)
    let (capacity, isBeyond) = available.addingReportingOverflow(assigned)
    return (assigned, isOver || isBeyond ? .max : capacity)
  }

  private static func text(_ capacity: Int64) -> String { capacity == .max ? "2^62 and more" : "\(capacity)" }

  // MARK: Services

  /// Those that want something first, where not all are shown.
  private var shown: [ClusterStatus.Exposure] {
    let all = self.status.exposures
    guard !self.isWide, all.count > Self.serviceLimit else { return all }
    func wants(_ exposure: ClusterStatus.Exposure) -> Bool {
      !exposure.isForeign && (exposure.reason != nil || exposure.addresses.isEmpty || exposure.announcers.isEmpty)
    }
    let troubled = all.filter(wants)
    return troubled + all.filter { !wants($0) }.prefix(max(0, Self.serviceLimit - troubled.count))
  }

  private var services: TextTable {
    TextTable(
      header: ["NAME", "ADDRESSES", "POOL", "ANNOUNCED BY"],
      rows: self.shown.map { exposure in
        let addresses =
          exposure.addresses.isEmpty
          ? Styled("<pending>", .warning) : Styled(exposure.addresses.joined(separator: ","))
        return [
          Styled(exposure.service.description), addresses, Styled(exposure.pool ?? "-"), self.announcers(of: exposure),
        ]
      })
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

  private static func count(_ services: Int) -> String { services == 1 ? "1 Service" : "\(services) Services" }

  // MARK: Speakers

  private var speakers: TextTable {
    TextTable(
      header: ["NODE", "LAYER 2", "BGP SESSIONS", "MEMBERS", "STATE"],
      rows: self.status.speakers.map { speaker in
        let node = Styled(speaker.node.isEmpty ? speaker.pod : speaker.node)
        guard let status = speaker.status else {
          let isDown = if case .down = speaker.outcome { true } else { false }
          return [node, "-", "-", "-", Styled(isDown ? "down" : "cannot be asked", isDown ? .bad : .warning)]
        }
        let peers = status.bgp.peers
        let up = peers.count(where: \.isEstablished)
        let members = status.gossip.map { gossip in "\(gossip.members.count { $0.state == "alive" })" }
        return [
          node, Styled(Self.count(status.layer2.announcements.count)),
          Styled(peers.isEmpty ? "-" : "\(up) of \(peers.count) up", up < peers.count ? .bad : .plain),
          Styled(members ?? "-"),
          status.awaiting.isEmpty
            ? Styled("works", .good) : Styled("waits for \(status.awaiting.joined(separator: ", "))", .warning),
        ]
      })
  }
}
