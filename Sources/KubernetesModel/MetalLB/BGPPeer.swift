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
    /// At most one of this, `password` and `passwordSecret`.
    package var tcpAO: AuthenticationOption?
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
      tcpAO: AuthenticationOption? = nil, bfdProfile: String? = nil, enableGracefulRestart: Bool? = nil,
      ebgpMultiHop: Bool? = nil, vrf: String? = nil, disableMP: Bool? = nil, dualStackAddressFamily: Bool? = nil,
      passiveMode: Bool? = nil, ttlSecurityHops: Int64? = nil
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
      self.tcpAO = tcpAO
      self.bfdProfile = bfdProfile
      self.enableGracefulRestart = enableGracefulRestart
      self.ebgpMultiHop = ebgpMultiHop
      self.vrf = vrf
      self.disableMP = disableMP
      self.dualStackAddressFamily = dualStackAddressFamily
      self.passiveMode = passiveMode
      self.ttlSecurityHops = ttlSecurityHops
    }

    /// Whether it takes Secrets to know all of it.
    package var namesSecrets: Bool {
      self.passwordSecret?.name?.isEmpty == false || self.tcpAO?.keys?.contains { $0.secret != nil } == true
    }
  }

  /// The Secret with the password or key; it is looked up in MetalLB's namespace, whatever this says.
  package struct SecretReference: Codable, Sendable, Hashable {
    package var name: String?
    package var namespace: String?

    package init(name: String? = nil, namespace: String? = nil) {
      self.name = name
      self.namespace = namespace
    }
  }

  /// TCP's authentication option (RFC 5925): the keys, the one to be used first.
  package struct AuthenticationOption: Codable, Sendable, Hashable {
    package var keys: [Key]?

    package init(keys: [Key]? = nil) {
      self.keys = keys
    }

    /// What both ends know of a key.
    package struct Key: Codable, Sendable, Hashable {
      /// The number that our segments bear.
      package var sendID: Int64?
      /// The number that the router's segments bear; absent = `sendID`.
      package var recvID: Int64?
      /// `hmac-sha-1-96` or `aes-128-cmac-96`; absent = the first.
      package var algorithm: String?
      package var secret: SecretReference?

      package init(
        sendID: Int64? = nil, recvID: Int64? = nil, algorithm: String? = nil, secret: SecretReference? = nil
      ) {
        self.sendID = sendID
        self.recvID = recvID
        self.algorithm = algorithm
        self.secret = secret
      }
    }
  }
}
