import Primitives

/// What is configured for a peer, as far as the protocol is concerned; how to reach it is the shell's business.
package struct PeerSettings: Sendable, Hashable {
  /// The AS that we say we are.
  package var localASN: ASN
  package var remoteASN: RemoteASN
  /// Nil = one that the shell finds on the connection.
  package var routerID: IPv4Address?
  package var holdTime: HoldTime
  /// Nil = a third of the hold time that the two agree on, which is also the most.
  package var keepaliveInterval: Duration?
  /// The longest time between two attempts to connect.
  package var connectInterval: Duration?
  /// Whose routes are exchanged.
  package var families: Set<IPFamily>
  /// How long the peer is to keep our routes while we restart; nil = not at all.
  package var restartTime: Duration?
  /// Whether only the peer connects.
  package var isPassive: Bool

  package init(
    localASN: ASN, remoteASN: RemoteASN, routerID: IPv4Address? = nil, holdTime: HoldTime = .standard,
    keepaliveInterval: Duration? = nil, connectInterval: Duration? = nil, families: Set<IPFamily>,
    restartTime: Duration? = nil, isPassive: Bool = false
  ) {
    self.localASN = localASN
    self.remoteASN = remoteASN
    self.routerID = routerID
    self.holdTime = holdTime
    self.keepaliveInterval = keepaliveInterval
    self.connectInterval = connectInterval
    self.families = families
    self.restartTime = restartTime
    self.isPassive = isPassive
  }

  /// Which AS the peer may be in.
  package enum RemoteASN: Sendable, Hashable {
    case exactly(ASN)
    /// Our own.
    case `internal`
    /// Any but our own.
    case external
  }

  /// Whether a session under these settings can go on under those.
  package func allowsSession(of other: PeerSettings) -> Bool {
    var (left, right) = (self, other)
    // What counts only while a session is being made.
    for field in [\PeerSettings.keepaliveInterval, \.connectInterval] {
      left[keyPath: field] = nil
      right[keyPath: field] = nil
    }
    left.isPassive = false
    right.isPassive = false
    return left == right
  }
}

/// How long a speaker may be silent before it is taken for dead: not at all limited, or at least three seconds
/// (RFC 4271 section 4.2).
package struct HoldTime: Sendable, Hashable {
  package let seconds: UInt16

  /// Upstream's, and the RFC's suggestion.
  package static let standard = HoldTime(unchecked: 90)
  package static let unlimited = HoldTime(unchecked: 0)

  private init(unchecked seconds: UInt16) {
    self.seconds = seconds
  }

  package init?(seconds: UInt16) {
    guard seconds == 0 || seconds >= 3 else { return nil }
    self.seconds = seconds
  }
}
