import KubernetesModel
import Primitives

/// A BGPPeer as the rest of the product sees it: validated, so that nobody has to check it again.
///
/// Two that are equal need no new session; any difference does (contract section 13.3).
package struct BGPPeerConfiguration: Sendable, Hashable {
  /// The AS that the router must be in.
  package enum RemoteASN: Sendable, Hashable {
    case asn(ASN)
    /// Whichever it says, if it is ours.
    case `internal`
    /// Whichever it says, if it is not ours.
    case external
  }

  /// Where the router is.
  package enum Endpoint: Sendable, Hashable {
    case address(IPAddress)
    /// At the other end of the link of this interface, found by its router advertisements.
    case interface(String)
  }

  package enum Authentication: Sendable, Hashable {
    case none
    /// TCP MD5 signatures (RFC 2385).
    case password(Password)
    /// TCP's authentication option (RFC 5925).
    case keys(AuthenticationKeys)
  }

  /// What we propose in OPEN; whole seconds.
  package struct Timers: Sendable, Hashable {
    /// Zero = sessions never time out; else 3 to 65,535 seconds.
    package var holdTime: Duration
    /// At most the hold time.
    package var keepaliveTime: Duration

    package init(holdTime: Duration, keepaliveTime: Duration) {
      self.holdTime = holdTime
      self.keepaliveTime = keepaliveTime
    }
  }

  /// The object that this comes from.
  package var key: ObjectKey
  package var myASN: ASN
  package var remote: RemoteASN
  /// What the router is told instead of `myASN`; nil = `myASN`.
  package var localASN: ASN?
  package var endpoint: Endpoint
  package var port: UInt16
  package var sourceAddress: IPAddress?
  /// Nil = the defaults of the protocol.
  package var timers: Timers?
  /// How long to wait between attempts to connect, 1 to 65,535 seconds; nil = the default.
  package var connectTime: Duration?
  /// Nil = an address of the node.
  package var routerID: IPv4Address?
  /// Empty = all nodes.
  package var nodeSelectors: [LabelSelector]
  package var authentication: Authentication
  package var bfd: BFDProfileConfiguration?
  package var gracefulRestart: Bool
  package var ebgpMultiHop: Bool
  /// Nil = the default VRF.
  package var vrf: String?
  /// Whether routes of both families go over the session, and not just those of its own.
  package var dualStack: Bool
  /// Whether only the router connects.
  package var isPassive: Bool
  /// How many hops away the router may be, as the TTL of its packets shows (RFC 5082), 1 to 254; nil = any number.
  package var ttlSecurityHops: UInt8?

  package init(
    key: ObjectKey, myASN: ASN, remote: RemoteASN, localASN: ASN? = nil, endpoint: Endpoint, port: UInt16 = 179,
    sourceAddress: IPAddress? = nil, timers: Timers? = nil, connectTime: Duration? = nil, routerID: IPv4Address? = nil,
    nodeSelectors: [LabelSelector] = [], authentication: Authentication = .none, bfd: BFDProfileConfiguration? = nil,
    gracefulRestart: Bool = false, ebgpMultiHop: Bool = false, vrf: String? = nil, dualStack: Bool = false,
    isPassive: Bool = false, ttlSecurityHops: UInt8? = nil
  ) {
    self.key = key
    self.myASN = myASN
    self.remote = remote
    self.localASN = localASN
    self.endpoint = endpoint
    self.port = port
    self.sourceAddress = sourceAddress
    self.timers = timers
    self.connectTime = connectTime
    self.routerID = routerID
    self.nodeSelectors = nodeSelectors
    self.authentication = authentication
    self.bfd = bfd
    self.gracefulRestart = gracefulRestart
    self.ebgpMultiHop = ebgpMultiHop
    self.vrf = vrf
    self.dualStack = dualStack
    self.isPassive = isPassive
    self.ttlSecurityHops = ttlSecurityHops
  }

  package var name: String { self.key.name }

  /// The name of the peer in metrics and logs: the address of the router, or the interface that it is found on.
  package var address: String {
    switch self.endpoint {
    case .address(let address): address.description
    case .interface(let name): name
    }
  }

  /// The interface that the router is found on, if it is not known by its address.
  package var interface: String? {
    switch self.endpoint {
    case .address: nil
    case .interface(let name): name
    }
  }

  /// Whether the router is to be in the AS that it sees us in.
  package var isInternal: Bool {
    switch self.remote {
    case .asn(let asn): asn == self.localASN ?? self.myASN
    case .internal: true
    case .external: false
    }
  }

  package func selects(node labels: [String: String]) -> Bool {
    self.nodeSelectors.isEmpty || self.nodeSelectors.anyMatches(labels)
  }
}
