import KubernetesModel
import Primitives

/// How the session with a router stands, in the words that users of frr-k8s know (contract section 14).
package struct SessionReport: Sendable, Hashable {
  /// One of the states of RFC 4271.
  package var bgp: String
  /// A state of BFD as FRR names it; nil = there is no BFD session.
  package var bfd: String?

  package init(bgp: String, bfd: String?) {
    self.bgp = bgp
    self.bfd = bfd
  }

  /// The router, as reports name it: by its VRF (empty = the default one) and where it is.
  package static func subject(_ endpoint: BGPPeerConfiguration.Endpoint, vrf: String?) -> ObjectKey {
    ObjectKey(namespace: vrf ?? "", name: self.name(endpoint))
  }

  /// A label cannot hold a colon, nor end with one: an IPv6 address is written out in full, with dashes.
  private static func name(_ endpoint: BGPPeerConfiguration.Endpoint) -> String {
    switch endpoint {
    case .interface(let name): name
    case .address(.v4(let address)): address.description
    case .address(.v6(let address)):
      (0..<8).map { group in
        let digits = String(UInt16(truncatingIfNeeded: address.bits >> UInt128(112 - 16 * group)), radix: 16)
        return String(repeating: "0", count: 4 - digits.count) + digits
      }.joined(separator: "-")
    }
  }
}

/// The labels by which reports on sessions are found.
private enum SessionLabel {
  static let peer = "frrk8s.metallb.io/peer"
  static let vrf = "frrk8s.metallb.io/vrf"
}

extension BGPSessionState: NodeReport {
  package static let isExclusive = false
  package static let interval = Duration.seconds(5)
  package static let isOptional = true
  package static let nodeLabel = "frrk8s.metallb.io/node"
  private static let noBFD = "N/A"

  package init(metadata: ObjectMeta) {
    self.init(metadata: metadata, status: nil)
  }

  package static func namePrefix(of node: String) -> String { "\(node)-" }

  package static func labels(of session: ObjectKey) -> [String: String] {
    [SessionLabel.peer: session.name, SessionLabel.vrf: session.namespace]
  }

  package var subject: ObjectKey? {
    self.metadata.labels?[SessionLabel.peer].map {
      ObjectKey(namespace: self.metadata.labels?[SessionLabel.vrf] ?? "", name: $0)
    }
  }

  package var content: SessionReport? {
    self.status.map { SessionReport(bgp: $0.bgpStatus ?? "", bfd: $0.bfdStatus == Self.noBFD ? nil : $0.bfdStatus) }
  }

  package mutating func set(_ content: SessionReport, node: String, subject session: ObjectKey) {
    self.status = Status(
      bgpStatus: content.bgp, bfdStatus: content.bfd ?? Self.noBFD, node: node, peer: session.name,
      vrf: session.namespace.isEmpty ? nil : session.namespace)
  }
}
