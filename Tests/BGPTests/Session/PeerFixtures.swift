import Primitives
import TestKit

@testable import BGP

extension PeerSettings {
  /// AS 64512 towards AS 64513, IPv4 routes only.
  static let external = PeerSettings(
    localASN: ASN(64_512), remoteASN: .exactly(ASN(64_513)), routerID: IPv4Address(10, 0, 0, 1), families: [.ipv4])

  func with(_ change: (inout PeerSettings) -> Void) -> PeerSettings {
    var settings = self
    change(&settings)
    return settings
  }
}

extension ConnectionEndpoint {
  static let ipv4 = ConnectionEndpoint(local: .v4(IPv4Address(10, 0, 0, 1)), routerID: IPv4Address(10, 0, 0, 1))
  static let dual = ConnectionEndpoint(
    local: .v4(IPv4Address(10, 0, 0, 1)), ipv6: v6("2001:db8::1"), linkLocal: v6("fe80::1"),
    routerID: IPv4Address(10, 0, 0, 1))
}

extension OpenMessage {
  /// What the router of AS 64513 says.
  static func router(
    asn: UInt32 = 64_513, holdSeconds: UInt16 = 90, identifier: IPv4Address = IPv4Address(10, 0, 0, 2),
    _ capabilities: [Capability]? = nil
  ) -> OpenMessage {
    OpenMessage(
      shortASN: ASN(asn).twoOctetField, holdSeconds: holdSeconds, identifier: identifier,
      capabilities: capabilities ?? [.multiprotocol(.ipv4Unicast), .routeRefresh, .fourOctetASN(ASN(asn))])
  }
}

extension Session.Event {
  static func received(_ message: Message) -> Self { .received(message.frame) }
}

extension Peer.Event {
  static func received(_ connection: ConnectionID, _ message: Message) -> Self { .received(connection, message.frame) }
}

extension Session {
  /// A session right after its OPEN was sent, at `t0`.
  static func openSent(_ settings: PeerSettings = .external) -> Session {
    let open = OpenMessage(settings, .ipv4, isRestarting: false, offersCapabilities: true)
    return Session(settings, open: open, seed: 1, at: t0)
  }

  static func openConfirm(_ settings: PeerSettings = .external, _ router: OpenMessage = .router()) -> Session {
    var session = Session.openSent(settings)
    _ = session.handle(.received(.open(router)), at: t0)
    return session
  }

  static func established(_ settings: PeerSettings = .external, _ router: OpenMessage = .router()) -> Session {
    var session = Session.openConfirm(settings, router)
    _ = session.handle(.received(.keepalive), at: t0)
    return session
  }
}

extension Peer {
  static let outgoing = ConnectionID(.outgoing, 1)

  /// A peer whose first attempt was answered: established at `t0`, nothing to announce.
  static func established(
    _ settings: PeerSettings = .external, _ router: OpenMessage = .router(), _ endpoint: ConnectionEndpoint = .ipv4
  ) -> Peer {
    var peer = Peer(settings, seed: 1)
    _ = peer.handle(.start, at: t0)
    _ = peer.handle(.connected(Self.outgoing, endpoint), at: t0)
    _ = peer.handle(.received(Self.outgoing, .open(router)), at: t0)
    _ = peer.handle(.received(Self.outgoing, .keepalive), at: t0)
    _ = peer.handle(.flushed(Self.outgoing), at: t0)
    return peer
  }
}

/// A prefix that a test spells out.
func prefix(_ text: String) -> IPPrefix {
  guard let prefix = IPPrefix(text) else { preconditionFailure("\(text) is no prefix") }
  return prefix
}
