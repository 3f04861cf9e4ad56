import Primitives
import TestKit
import Testing

@testable import BGP

/// Every state and event of RFC 4271 section 8 that a connection can be in, in virtual time.
@Suite struct SessionTests {
  static let update = Message.update(UpdateMessage(withdrawn: [prefix("192.0.2.0/24")]))
  static let refresh = Message.routeRefresh(RouteRefresh(.request, .ipv4Unicast))

  @Test func `OPEN and KEEPALIVE make a session`() throws {
    var session = Session.openSent()
    let router = OpenMessage.router()
    #expect(session.handle(.received(.open(router)), at: t0) == [.send(.keepalive), .introduced(router)])
    #expect(session.name == .openConfirm)
    let agreement = try #require(session.agreement)
    #expect(session.handle(.received(.keepalive), at: t0) == [.established(agreement)])
    #expect(session.name == .established)
    #expect(agreement.peerASN == ASN(64_513))
    #expect(agreement.kind == .external)
    #expect(agreement.holdTime == .seconds(90))
    #expect(agreement.keepaliveInterval == .seconds(30))
    #expect(agreement.families == [.ipv4])
    #expect(agreement.format == Message.Format(asnWidth: .four, allowsExtendedMessages: false))
  }

  @Test func `a session that hears nothing for the hold time ends with Hold Timer Expired`() {
    var session = Session.established(.external.with { $0.holdTime = HoldTime(seconds: 9) ?? .standard })
    #expect(session.handle(.tick, at: t0 + .seconds(8)) == [.send(.keepalive)])
    #expect(session.nextDeadline == t0 + .seconds(9))
    #expect(
      session.handle(.tick, at: t0 + .seconds(9)) == [
        .send(.notification(.holdTimerExpired)), .ended(.sent(.holdTimerExpired)),
      ])
    #expect(session.nextDeadline == nil)
  }

  @Test func `after a pause of this process the router is heard before it is given up, and once only`() {
    let settings = PeerSettings.external.with { $0.holdTime = HoldTime(seconds: 9) ?? .standard }
    let expiry: [Session.Action] = [.send(.notification(.holdTimerExpired)), .ended(.sent(.holdTimerExpired))]
    // What it said meanwhile is read now.
    var session = Session.established(settings)
    #expect(session.handle(.tick, at: t0 + .seconds(12)) == [.send(.keepalive)])
    #expect(session.handle(.received(.keepalive), at: t0 + .seconds(12.1)) == [])
    #expect(session.handle(.tick, at: t0 + .seconds(20)) == [.send(.keepalive)])
    #expect(session.handle(.tick, at: t0 + .seconds(21.1)) == expiry)
    // It said nothing, and this process is late again.
    session = Session.established(settings)
    _ = session.handle(.tick, at: t0 + .seconds(12))
    #expect(session.nextDeadline == t0 + .seconds(13))
    #expect(session.handle(.tick, at: t0 + .seconds(15)) == expiry)
  }

  @Test(arguments: [Message.keepalive, update]) func `KEEPALIVE and UPDATE keep a session alive`(message: Message) {
    var session = Session.established()
    for turn in 1...10 {
      let now = t0 + .seconds(80) * turn
      _ = session.handle(.tick, at: now)
      #expect(session.handle(.received(message), at: now) == [])
    }
    #expect(session.name == .established)
  }

  @Test func `keepalives come every third of the hold time, a quarter earlier at most`() throws {
    var session = Session.established()
    var last = t0
    for _ in 0..<50 {
      _ = session.handle(.received(.keepalive), at: last)
      let next = try #require(session.nextDeadline)
      #expect((Duration.seconds(22.5)...Duration.seconds(30)).contains(next - last))
      #expect(session.handle(.tick, at: next) == [.send(.keepalive)])
      last = next
    }
  }

  @Test func `an UPDATE of ours postpones the next keepalive`() throws {
    var session = Session.established()
    session.updateSent(at: t0 + .seconds(20))
    #expect(try #require(session.nextDeadline) >= t0 + .seconds(42.5))
  }

  @Test func `the smaller hold time counts, and zero means no limit`() throws {
    let shorter = Session.openConfirm(.external, .router(holdSeconds: 30))
    #expect(shorter.agreement?.holdTime == .seconds(30))
    let custom = PeerSettings.external.with { $0.keepaliveInterval = .seconds(5) }
    #expect(Session.openConfirm(custom).agreement?.keepaliveInterval == .seconds(5))
    #expect(Session.openConfirm(custom, .router(holdSeconds: 6)).agreement?.keepaliveInterval == .seconds(2))
    var silent = Session.openConfirm(.external, .router(holdSeconds: 0))
    #expect(silent.handle(.tick, at: t0 + .seconds(30)).last == .ended(.sent(.holdTimerExpired)))
    var unlimited = Session.established(.external, .router(holdSeconds: 0))
    #expect(unlimited.nextDeadline == nil)
    #expect(unlimited.handle(.tick, at: t0 + .seconds(100_000)) == [])
  }

  @Test func `of several words on graceful restart the last one counts`() {
    let restarts = [60, 120].map { seconds in
      GracefulRestart(isRestarting: false, coversNotifications: false, restartSeconds: seconds, families: [])
    }
    let router = OpenMessage.router([.multiprotocol(.ipv4Unicast)] + restarts.map(Capability.gracefulRestart))
    #expect(Session.openConfirm(.external, router).agreement?.gracefulRestart == restarts[1])
  }

  @Test func `a router that accepts and says nothing is given up`() {
    var session = Session.openSent()
    #expect(session.nextDeadline == t0 + .seconds(30))
    #expect(session.handle(.tick, at: t0 + .seconds(29)) == [])
    #expect(session.handle(.tick, at: t0 + .seconds(30)).last == .ended(.sent(.holdTimerExpired)))
  }

  struct Stranger: Sendable {
    let session: Session
    let message: Message
    let notification: Notification
  }

  @Test(arguments: [
    Stranger(session: .openSent(), message: .keepalive, notification: Notification(code: 5, subcode: 1, data: [4])),
    Stranger(session: .openSent(), message: update, notification: Notification(code: 5, subcode: 1, data: [2])),
    Stranger(session: .openSent(), message: refresh, notification: Notification(code: 5, subcode: 1, data: [5])),
    Stranger(session: .openConfirm(), message: update, notification: Notification(code: 5, subcode: 2, data: [2])),
    Stranger(session: .openConfirm(), message: refresh, notification: Notification(code: 5, subcode: 2, data: [5])),
    Stranger(
      session: .openConfirm(), message: .open(.router()), notification: Notification(code: 5, subcode: 2, data: [1])),
    Stranger(
      session: .established(), message: .open(.router()), notification: Notification(code: 5, subcode: 3, data: [1])),
  ]) func `a message that does not belong in a state ends the connection with its subcode`(stranger: Stranger) {
    var session = stranger.session
    #expect(
      session.handle(.received(stranger.message), at: t0) == [
        .send(.notification(stranger.notification)), .ended(.sent(stranger.notification)),
      ])
  }

  @Test(arguments: [Session.openSent(), .openConfirm(), .established()])
  func `in every state a NOTIFICATION, a close, a stop and garbage end the connection`(initial: Session) {
    let cease = Notification.cease(.administrativeShutdown, saying: "bye")
    var session = initial
    #expect(session.handle(.received(.notification(cease)), at: t0) == [.ended(.received(cease))])
    session = initial
    #expect(session.handle(.closed("connection reset by peer"), at: t0) == [.ended(.lost("connection reset by peer"))])
    session = initial
    #expect(session.handle(.stop(cease), at: t0) == [.send(.notification(cease)), .ended(.sent(cease))])
    session = initial
    #expect(session.handle(.stop(nil), at: t0) == [.ended(.restarting)])
    session = initial
    let unsynchronized = Notification.messageHeader(.connectionNotSynchronized)
    #expect(
      session.handle(.malformed(unsynchronized), at: t0) == [
        .send(.notification(unsynchronized)), .ended(.sent(unsynchronized)),
      ])
    session = initial
    let unknown = Notification.messageHeader(.badMessageType, data: [77])
    #expect(
      session.handle(.received(Frame(type: 77, body: [])), at: t0) == [
        .send(.notification(unknown)), .ended(.sent(unknown)),
      ])
    for event in [.tick, .received(.keepalive), .closed("again"), .stop(nil), .malformed(unknown)] as [Session.Event] {
      #expect(session.handle(event, at: t0 + .seconds(1000)) == [])
    }
  }

  struct Refused: Sendable {
    var settings = PeerSettings.external
    let router: OpenMessage
    let notification: Notification
    let reason: String
  }

  @Test(arguments: [
    Refused(
      router: .router(asn: 64_999), notification: .open(.badPeerAS, data: [0xFD, 0xE7]),
      reason: "unexpected peer ASN 64999, want 64513"),
    Refused(
      router: .router(asn: 4_200_000_000), notification: .open(.badPeerAS, data: [0x5B, 0xA0]),
      reason: "unexpected peer ASN 4200000000, want 64513"),
    Refused(
      settings: .external.with { $0.remoteASN = .internal }, router: .router(),
      notification: .open(.badPeerAS, data: [0xFC, 0x01]), reason: "unexpected peer ASN 64513, want 64512"),
    Refused(
      settings: .external.with { $0.remoteASN = .external }, router: .router(asn: 64_512),
      notification: .open(.badPeerAS, data: [0xFC, 0x00]), reason: "unexpected peer ASN 64512, want any but 64512"),
    Refused(
      router: .router(holdSeconds: 2), notification: .open(.unacceptableHoldTime),
      reason: "the peer wants a hold time of 2 s"),
    Refused(
      router: .router(identifier: IPv4Address(0, 0, 0, 0)), notification: .open(.badBGPIdentifier),
      reason: "the peer's BGP identifier is 0.0.0.0, as ours or zero"),
    Refused(
      settings: .external.with { $0.remoteASN = .internal },
      router: .router(asn: 64_512, identifier: IPv4Address(10, 0, 0, 1)), notification: .open(.badBGPIdentifier),
      reason: "the peer's BGP identifier is 10.0.0.1, as ours or zero"),
    Refused(
      router: .router([.multiprotocol(.ipv6Unicast)]),
      notification: .open(.unsupportedCapability, data: [1, 4, 0, 1, 0, 1]), reason: "the peer exchanges none of ipv4"),
  ]) func `an OPEN that does not suit is refused`(refused: Refused) {
    var session = Session.openSent(refused.settings)
    #expect(
      session.handle(.received(.open(refused.router)), at: t0) == [
        .send(.notification(refused.notification)), .ended(.sent(refused.notification, refused.reason)),
      ])
  }

  @Test func `an equal identifier is fine in another AS`() {
    #expect(Session.openConfirm(.external, .router(identifier: IPv4Address(10, 0, 0, 1))).name == .openConfirm)
  }

  @Test func `a router without capabilities gets IPv4 and two octets`() {
    let agreement = Session.openConfirm(.external.with { $0.families = [.ipv4, .ipv6] }, .router([])).agreement
    #expect(agreement?.families == [.ipv4])
    #expect(agreement?.format.asnWidth == .two)
  }

  @Test func `a route refresh is answered for families that are exchanged, and ignored otherwise`() {
    var session = Session.established()
    #expect(session.handle(.received(Self.refresh), at: t0) == [.refresh(.ipv4)])
    for ignored in [
      RouteRefresh(.request, .ipv6Unicast), RouteRefresh(.beginning, .ipv4Unicast), RouteRefresh(.end, .ipv4Unicast),
      RouteRefresh(.request, AddressFamily(identifier: 25, subsequent: 70)),
    ] {
      #expect(session.handle(.received(.routeRefresh(ignored)), at: t0) == [])
    }
    #expect(session.handle(.received(Frame(type: 5, body: [0, 1, 9, 1])), at: t0) == [])
    let short = Frame(type: 5, body: [0, 1, 0])
    #expect(
      session.handle(.received(short), at: t0).first
        == .send(.notification(Notification(code: 7, subcode: 1, data: short.bytes))))
  }

  @Test func `faults in an UPDATE are noted, and the session goes on`() {
    var session = Session.established()
    let update = Frame(type: 2, body: UpdateFaultTests.body(Array(UpdateFaultTests.good.dropFirst())))
    #expect(
      session.handle(.received(update), at: t0) == [.note([AttributeFault(type: 1, .treatAsWithdraw)])])
    #expect(session.name == .established)
  }

  @Test func `our OPEN says what is configured`() {
    let settings = PeerSettings(
      localASN: ASN(4_200_000_000), remoteASN: .external, routerID: nil, holdTime: .unlimited,
      families: [.ipv4, .ipv6],
      restartTime: .seconds(120))
    let endpoint = ConnectionEndpoint(local: .v6(v6("2001:db8::1")), routerID: IPv4Address(192, 0, 2, 9))
    let open = OpenMessage(settings, endpoint, isRestarting: true, offersCapabilities: true)
    #expect(
      open
        == OpenMessage(
          shortASN: 23_456, holdSeconds: 0, identifier: IPv4Address(192, 0, 2, 9),
          capabilities: [
            .multiprotocol(.ipv4Unicast), .multiprotocol(.ipv6Unicast), .routeRefresh,
            .extendedNextHop([Capability.ExtendedNextHop(.ipv4Unicast, nextHop: .ipv6)]), .extendedMessage,
            .gracefulRestart(
              GracefulRestart(
                isRestarting: true, coversNotifications: true, restartSeconds: 120,
                families: [
                  GracefulRestart.Family(.ipv4Unicast, hasPreservedForwarding: true),
                  GracefulRestart.Family(.ipv6Unicast, hasPreservedForwarding: true),
                ])),
            .fourOctetASN(ASN(4_200_000_000)), .enhancedRouteRefresh,
          ]))
    #expect(OpenMessage(settings, endpoint, isRestarting: true, offersCapabilities: false).capabilities == [])
  }
}
