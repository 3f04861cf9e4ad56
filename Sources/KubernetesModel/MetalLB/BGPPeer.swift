/// A router that nodes speak BGP with (contract section 3.4), in the form that is stored.
///
/// Everything is optional here, so that an object that got past an old API server is judged by validation, field by
/// field, and not dropped as unreadable.
package struct BGPPeer: KubernetesResource, Hashable {
  package static let type = ResourceType(
    group: "metallb.io", version: "v1beta2", plural: "bgppeers", kind: "BGPPeer")

  package var metadata: ObjectMeta
  package var spec: Spec?

  package init(metadata: ObjectMeta, spec: Spec? = nil) {
    self.metadata = metadata
    self.spec = spec
  }

  package struct Spec: Codable, Sendable, Hashable {
    package var myASN: Int64?
    /// Exactly one of this and `dynamicASN`.
    package var peerASN: Int64?
    /// `internal` or `external`.
    package var dynamicASN: String?
    /// The AS number shown to the peer in place of `myASN`.
    package var localASN: Int64?
    /// Exactly one of this and `interface`.
    package var peerAddress: String?
    package var interface: String?
    package var sourceAddress: String?
    /// Absent or 0 = 179.
    package var peerPort: Int64?
    /// Times are texts such as `90s`.
    package var holdTime: String?
    package var keepaliveTime: String?
    package var connectTime: String?
    package var routerID: String?
    /// Empty = all nodes.
    package var nodeSelectors: [LabelSelector]?
    package var password: String?
    package var passwordSecret: SecretReference?
    /// The name of a BFDProfile.
    package var bfdProfile: String?
    package var enableGracefulRestart: Bool?
    package var ebgpMultiHop: Bool?
    package var vrf: String?
    /// Deprecated, without effect.
    package var disableMP: Bool?
    package var dualStackAddressFamily: Bool?
    /// Whether only the router connects.
    package var passiveMode: Bool?
    /// How many hops away the router may be, as the TTL of its packets shows (RFC 5082).
    package var ttlSecurityHops: Int64?

    package init(
      myASN: Int64? = nil, peerASN: Int64? = nil, dynamicASN: String? = nil, localASN: Int64? = nil,
      peerAddress: String? = nil, interface: String? = nil, sourceAddress: String? = nil, peerPort: Int64? = nil,
      holdTime: String? = nil, keepaliveTime: String? = nil, connectTime: String? = nil, routerID: String? = nil,
      nodeSelectors: [LabelSelector]? = nil, password: String? = nil, passwordSecret: SecretReference? = nil,
      bfdProfile: String? = nil, enableGracefulRestart: Bool? = nil, ebgpMultiHop: Bool? = nil, vrf: String? = nil,
      disableMP: Bool? = nil, dualStackAddressFamily: Bool? = nil, passiveMode: Bool? = nil,
      ttlSecurityHops: Int64? = nil
    ) {
      self.myASN = myASN
      self.peerASN = peerASN
      self.dynamicASN = dynamicASN
      self.localASN = localASN
      self.peerAddress = peerAddress
      self.interface = interface
      self.sourceAddress = sourceAddress
      self.peerPort = peerPort
      self.holdTime = holdTime
      self.keepaliveTime = keepaliveTime
      self.connectTime = connectTime
      self.routerID = routerID
      self.nodeSelectors = nodeSelectors
      self.password = password
      self.passwordSecret = passwordSecret
      self.bfdProfile = bfdProfile
      self.enableGracefulRestart = enableGracefulRestart
      self.ebgpMultiHop = ebgpMultiHop
      self.vrf = vrf
      self.disableMP = disableMP
      self.dualStackAddressFamily = dualStackAddressFamily
      self.passiveMode = passiveMode
      self.ttlSecurityHops = ttlSecurityHops
    }
  }

  /// The Secret with the password; it is looked up in MetalLB's namespace, whatever this says.
  package struct SecretReference: Codable, Sendable, Hashable {
    package var name: String?
    package var namespace: String?

    package init(name: String? = nil, namespace: String? = nil) {
      self.name = name
      self.namespace = namespace
    }
  }
}
