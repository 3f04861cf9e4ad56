import Balancer
import KubernetesModel

/// A session of a node with a router.
struct SessionRow {
  let node: String
  let peer: BGPStatus.Peer

  /// Those that are down come first.
  static func rows(of snapshot: ClusterSnapshot) -> [SessionRow] {
    let rows = snapshot.status.speakers.compactMap(\.status).flatMap { status in
      status.bgp.peers.map { SessionRow(node: status.node, peer: $0) }
    }
    return rows.filter { !$0.isWell } + rows.filter(\.isWell)
  }

  private var isWell: Bool { self.peer.isEstablished && (self.peer.bfd.map { $0.state == "up" } ?? true) }

  var texts: [String] {
    [self.node, self.peer.name, self.peer.address, self.peer.state, self.peer.vrf ?? "", self.peer.peerASN]
  }

  func json(of snapshot: ClusterSnapshot) -> JSONValue {
    let peer = self.peer
    var value: JSONValue = [
      "node": .string(self.node), "peer": .string(peer.name), "address": .string(peer.address),
      "localASN": .string(peer.localASN), "peerASN": .string(peer.agreement?.peerASN ?? peer.peerASN),
      "state": .string(peer.state), "established": .bool(peer.isEstablished),
      "sent": .integer(Int64(peer.prefixes.sent)), "desired": .integer(Int64(peer.prefixes.desired)),
      "flaps": .integer(Int64(clamping: peer.flaps)),
    ]
    value["vrf"] = peer.vrf.map { .string($0) }
    value["since"] = snapshot.since(peer.seconds)
    value["reason"] = peer.reason.map { .string($0) }
    value["families"] = (peer.agreement?.families).map { .array($0.map { .string($0) }) }
    value["lastError"] = peer.lastError.map { .string("\($0.text) (\($0.side))") }
    value["bfd"] = peer.bfd.map { session in
      var value: JSONValue = ["state": .string(session.state), "up": .bool(session.state == "up")]
      value["milliseconds"] = session.detectionMilliseconds.map { .integer(Int64($0)) }
      value["diagnostic"] = session.diagnostic.map { .string($0) }
      return value
    }
    return value
  }
}
