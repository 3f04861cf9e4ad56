/// A BGPPeer in its deprecated form `v1beta1` (contract section 3.4), which is served but never stored.
package struct LegacyBGPPeer: KubernetesResource, Hashable {
  package static let type = ResourceType(
    group: "metallb.io", version: "v1beta1", plural: "bgppeers", kind: "BGPPeer")

  package var metadata: ObjectMeta
  package var spec: Spec?

  package init(metadata: ObjectMeta, spec: Spec? = nil) {
    self.metadata = metadata
    self.spec = spec
  }

  package struct Spec: Codable, Sendable, Hashable {
    package var myASN: Int64?
    package var peerASN: Int64?
    package var peerAddress: String?
    package var sourceAddress: String?
    package var peerPort: Int64?
    package var holdTime: String?
    package var keepaliveTime: String?
    package var routerID: String?
    package var nodeSelectors: [LabelSelector]?
    package var password: String?
    package var bfdProfile: String?
    package var ebgpMultiHop: Bool?

    package init(
      myASN: Int64? = nil, peerASN: Int64? = nil, peerAddress: String? = nil, sourceAddress: String? = nil,
      peerPort: Int64? = nil, holdTime: String? = nil, keepaliveTime: String? = nil, routerID: String? = nil,
      nodeSelectors: [LabelSelector]? = nil, password: String? = nil, bfdProfile: String? = nil,
      ebgpMultiHop: Bool? = nil
    ) {
      self.myASN = myASN
      self.peerASN = peerASN
      self.peerAddress = peerAddress
      self.sourceAddress = sourceAddress
      self.peerPort = peerPort
      self.holdTime = holdTime
      self.keepaliveTime = keepaliveTime
      self.routerID = routerID
      self.nodeSelectors = nodeSelectors
      self.password = password
      self.bfdProfile = bfdProfile
      self.ebgpMultiHop = ebgpMultiHop
    }
  }
}

// What one form lacks is left out, and what is absent stays absent: no times of 0 s, no empty Secret reference
// (Docs/differences.md).

extension BGPPeer.Spec {
  /// The deprecated form in the words of the one that is stored.
  package init(_ legacy: LegacyBGPPeer.Spec) {
    self.init(
      myASN: legacy.myASN, peerASN: legacy.peerASN, peerAddress: legacy.peerAddress,
      sourceAddress: legacy.sourceAddress, peerPort: legacy.peerPort == 0 ? nil : legacy.peerPort,
      holdTime: legacy.holdTime, keepaliveTime: legacy.keepaliveTime, routerID: legacy.routerID,
      nodeSelectors: legacy.nodeSelectors, password: legacy.password, bfdProfile: legacy.bfdProfile,
      ebgpMultiHop: legacy.ebgpMultiHop)
  }
}

extension LegacyBGPPeer.Spec {
  /// The stored form in the words of the deprecated one.
  package init(_ spec: BGPPeer.Spec) {
    self.init(
      myASN: spec.myASN, peerASN: spec.peerASN, peerAddress: spec.peerAddress, sourceAddress: spec.sourceAddress,
      peerPort: spec.peerPort, holdTime: spec.holdTime, keepaliveTime: spec.keepaliveTime, routerID: spec.routerID,
      nodeSelectors: spec.nodeSelectors, password: spec.password, bfdProfile: spec.bfdProfile,
      ebgpMultiHop: spec.ebgpMultiHop)
  }
}
