import KubernetesModel

/// `metallb status bgp`: every node's routers, with the sessions, and why there is none.
package struct BGPReport: ExtractView {
  let extract: StatusExtract

  package init(_ extract: StatusExtract) {
    self.extract = extract
  }

  package func lines(colours: Bool, width: Int) -> [String] {
    let width = self.isWide ? max(width, 240) : width
    let (sessions, moreSessions) = self.limit.cut(self.sessions)
    var lines = Self.section(
      "Sessions", TextTable(header: self.header, rows: sessions.map { self.row(of: $0.peer, on: $0.node) }),
      otherwise: "No speaker that can be asked has a router: create a BGPPeer.", colours: colours, width: width)
    lines += moreSessions
    let (announced, moreServices) = self.limit.cut(self.announced)
    let services = Self.section(
      "Services", TextTable(header: ["NAME", "ADDRESSES", "NODES", "ROUTERS"], rows: announced), colours: colours,
      width: width)
    if !services.isEmpty { lines += [""] + services + moreServices }
    return lines + StatusText.conclusion(self.status, colours: colours, width: width)
  }

  /// Those that are down first, where not all are shown.
  private var sessions: [(node: String, peer: BGPStatus.Peer)] {
    let all = self.status.speakers.compactMap(\.status).flatMap { status in
      status.bgp.peers.map { (node: status.node, peer: $0) }
    }
    guard self.limit.count > 0, all.count > self.limit.count else { return all }
    return all.filter { !$0.peer.isEstablished } + all.filter(\.peer.isEstablished)
  }

  package var json: JSONValue { self.status.json }

  /// Sessions, as `node/router`.
  package var names: [String] {
    self.status.speakers.compactMap(\.status).flatMap { status in
      status.bgp.peers.map { "\(status.node)/\($0.name)" }
    }
  }

  private var header: [String] {
    let header = ["NODE", "ROUTER", "ADDRESS", "AS", "STATE", "FOR", "PREFIXES", "BFD"]
    return header
      + (self.isWide
        ? ["FAMILIES", "HOLD/KEEPALIVE", "MESSAGES OUT/IN", "FLAPS", "ROUTER ID", "LAST ERROR"] : [])
  }

  private func row(of peer: BGPStatus.Peer, on node: String) -> [Styled] {
    let address = peer.address + (peer.vrf.map { " (\($0))" } ?? "")
    var row: [Styled] = [
      Styled(node), Styled(peer.name), Styled(address),
      Styled("\(peer.localASN) to \(peer.agreement?.peerASN ?? peer.peerASN)"),
      Styled(peer.state, peer.isEstablished ? .good : .bad), Styled(StatusText.age(peer.seconds)),
      Styled("\(peer.prefixes.sent) of \(peer.prefixes.desired)"), Self.bfd(peer.bfd),
    ]
    guard self.isWide else { return row }
    let times = peer.agreement.map { agreement in
      "\(agreement.holdSeconds.map { "\(Int($0))s" } ?? "none")/"
        + (agreement.keepaliveSeconds.map { "\(Int($0))s" } ?? "none")
    }
    let failure = peer.lastError.map { failure in
      "\(failure.text) (\(failure.side)\(failure.secondsAgo.map { ", \(StatusText.age($0)) ago" } ?? ""))"
    }
    row += [
      Styled(peer.agreement?.families.joined(separator: ",") ?? "-"), Styled(times ?? "-"),
      Styled("\(peer.messages.sent)/\(peer.messages.received)"), Styled("\(peer.flaps)"),
      Styled(peer.agreement?.routerID ?? "-"), Styled(failure ?? "-"),
    ]
    return row
  }

  private static func bfd(_ session: BGPStatus.BFDSession?) -> Styled {
    guard let session else { return "-" }
    let time = session.detectionMilliseconds.map { ", \(Int($0)) ms" } ?? ""
    return Styled(session.state + time, session.state == "up" ? .good : .bad)
  }

  private var announced: [[Styled]] {
    self.status.exposures.compactMap { exposure -> [Styled]? in
      let announcers = exposure.announcers.filter { $0.announcingProtocol == .bgp }
      guard !announcers.isEmpty else { return nil }
      let (nodes, routers) = (announcers.map(\.node), Set(announcers.flatMap(\.peers)).sorted())
      return [
        Styled(exposure.service.description), Styled(exposure.addresses.joined(separator: ",")),
        Styled(self.isWide ? nodes.joined(separator: ", ") : ClusterStatus.list(nodes, limit: 3)),
        Styled(routers.joined(separator: ", ")),
      ]
    }
  }
}
