import BGP
import Balancer
import Glibc
import NIOCore
import Primitives

/// How to reach a router: everything about a connection but what is said on it.
struct RouterAddress: Sendable, Hashable {
  var remote: Remote
  var port: UInt16
  /// Where connections come from; nil = as the kernel chooses.
  var source: IPAddress?
  /// How segments are signed.
  var authentication: BGPPeerConfiguration.Authentication
  /// The device of the VRF; nil = the default one.
  var vrf: String?
  /// What a packet of the router must at least have left of its TTL (RFC 5082); nil = anything.
  var minimumTTL: UInt8?
  /// How long what was sent may go unacknowledged; nil = as long as the kernel likes.
  var patience: Duration?

  enum Remote: Sendable, Hashable {
    case address(IPAddress)
    /// Whoever is at the other end of the link.
    case interface(String)
  }

  init(_ configuration: BGPPeerConfiguration) {
    switch configuration.endpoint {
    case .address(let address): self.remote = .address(address)
    case .interface(let name): self.remote = .interface(name)
    }
    self.port = configuration.port
    self.source = configuration.sourceAddress
    self.authentication = configuration.authentication
    self.vrf = configuration.vrf
    // A neighbour's packets arrive as they were sent, with the highest TTL; each router on the way takes one.
    self.minimumTTL = configuration.ttlSecurityHops.map { .max - $0 + 1 }
    let holdTime = configuration.timers?.holdTime ?? .seconds(HoldTime.standard.seconds)
    self.patience = holdTime > .zero ? holdTime : nil
  }

  /// The keys to go over to where nothing else is different, and no connection need end for it.
  func keyChange(to other: RouterAddress) -> (old: AuthenticationKeys, new: AuthenticationKeys)? {
    guard case .keys(let old) = self.authentication, case .keys(let new) = other.authentication else { return nil }
    var changed = self
    changed.authentication = other.authentication
    return changed == other && old != new && new.allowsConnection(of: old) ? (old, new) : nil
  }

  /// Where the router is, as it was configured.
  var endpoint: BGPPeerConfiguration.Endpoint {
    switch self.remote {
    case .address(let address): .address(address)
    case .interface(let name): .interface(name)
    }
  }

  /// As metrics name it: `192.0.2.1:179`, `[2001:db8::1]:179`.
  var label: String {
    switch self.remote {
    case .address(let address) where address.family == .ipv6: "[\(address)]:\(self.port)"
    case .address(let address): "\(address):\(self.port)"
    case .interface(let name): "\(name):\(self.port)"
    }
  }

  /// The interface that the router is found on, if that is all that is known of it.
  var interface: String? {
    switch self.remote {
    case .address: nil
    case .interface(let name): name
    }
  }

  /// The family that connections are of.
  var family: IPFamily {
    switch self.remote {
    case .address(let address): address.family
    case .interface: .ipv6
    }
  }
}

extension BGPPeerConfiguration {
  /// Whether the router is one hop away, as one in another AS is unless it says otherwise.
  var isNeighbour: Bool { !self.isInternal && !self.ebgpMultiHop && (self.ttlSecurityHops ?? 1) == 1 }
}

extension BGPPeerConfiguration.Authentication {
  var hasKeys: Bool {
    if case .keys = self { true } else { false }
  }

  var isNone: Bool { self == .none }
}

extension PeerSettings {
  /// What the protocol needs of a configured peer.
  init(_ configuration: BGPPeerConfiguration) {
    let remote: RemoteASN =
      switch configuration.remote {
      case .asn(let asn): .exactly(asn)
      case .internal: .internal
      case .external: .external
      }
    // Both families where the user asks for them, or where the link has no family of its own (contract section 13.5).
    let families: Set<IPFamily> =
      switch configuration.endpoint {
      case .interface: [.ipv4, .ipv6]
      case .address(let address): configuration.dualStack ? [.ipv4, .ipv6] : [address.family]
      }
    self.init(
      localASN: configuration.localASN ?? configuration.myASN, remoteASN: remote, routerID: configuration.routerID,
      holdTime: configuration.timers.flatMap { HoldTime($0.holdTime) } ?? .standard,
      keepaliveInterval: configuration.timers.flatMap { $0.keepaliveTime > .zero ? $0.keepaliveTime : nil },
      connectInterval: configuration.connectTime, families: families,
      restartTime: configuration.gracefulRestart ? Self.standardRestartTime : nil,
      isPassive: configuration.isPassive)
  }

  /// FRR's default.
  private static let standardRestartTime = Duration.seconds(120)
}

extension HoldTime {
  fileprivate init?(_ duration: Duration) {
    guard let seconds = UInt16(exactly: duration.components.seconds) else { return nil }
    self.init(seconds: seconds)
  }
}

extension Route {
  /// What was decided, in the words of the protocol.
  init(_ route: BGPRoute) {
    self.init(
      localPreference: route.localPreference, multiExitDiscriminator: route.med, prependCount: route.asPathPrepend,
      communities: route.communities, largeCommunities: route.largeCommunities,
      linkBandwidth: route.linkBandwidth.map { Float($0) * Self.bandwidthOfEndpoint })
  }

  /// Routers compare these and nothing else: a gigabit a second for each endpoint.
  private static let bandwidthOfEndpoint: Float = 125_000_000
}
