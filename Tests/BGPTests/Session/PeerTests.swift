import Primitives
import TestKit
import Testing

@testable import BGP

@Suite struct PeerTests {
  static let first = ConnectionID(.outgoing, 1)
  static let second = ConnectionID(.outgoing, 2)
  static let ourOpen = Message.open(
    OpenMessage(PeerSettings.external, .ipv4, isRestarting: false, offersCapabilities: true))

  @Test func `a peer is connected to, introduced to, and told that there is nothing`() throws {
    var peer = Peer(.external, seed: 1)
    #expect(peer.state == .idle)
    #expect(peer.handle(.start, at: t0) == [.dial(Self.first)])
    #expect(peer.state == .connect)
    #expect(peer.handle(.connected(Self.first, .ipv4), at: t0) == [.send(Self.first, Self.ourOpen)])
    #expect(peer.state == .openSent)
    #expect(
      peer.handle(.received(Self.first, .open(.router())), at: t0) == [.send(Self.first, .keepalive)])
    #expect(peer.state == .openConfirm)
    let actions = peer.handle(.received(Self.first, .keepalive), at: t0)
    let agreement = try #require(peer.agreement)
    #expect(
      actions == [
        .report(.established(agreement)), .send(Self.first, .update(.endOfRIB(.ipv4))), .reportFlushed(Self.first),
      ])
    #expect(peer.state == .established)
    #expect(peer.counters.sent.total == 3)
    #expect(peer.counters.received.total == 2)
  }

  @Test func `an attempt that takes too long is abandoned and tried again`() {
    var peer = Peer(.external, seed: 1)
    _ = peer.handle(.start, at: t0)
    #expect(peer.nextDeadline == t0 + .seconds(10))
    let actions = peer.handle(.tick, at: t0 + .seconds(10))
    #expect(actions.first == .abandon(Self.first))
    #expect(peer.state == .active)
    // What comes of it after all is of no use.
    #expect(peer.handle(.connected(Self.first, .ipv4), at: t0 + .seconds(10)) == [.close(Self.first)])
    #expect(peer.handle(.connectFailed(Self.first, "cancelled"), at: t0 + .seconds(10)) == [])
    #expect(peer.handle(.tick, at: t0 + .seconds(11)) == [.dial(Self.second)])
  }

  @Test func `pauses double from a second up to the longest, each up to a quarter shorter`() throws {
    var peer = Peer(.external.with { $0.connectInterval = .seconds(20) }, seed: 3)
    var now = t0
    var pauses: [Duration] = []
    var actions = peer.handle(.start, at: now)
    for number in 1...8 as ClosedRange<UInt64> {
      #expect(actions == [.dial(ConnectionID(.outgoing, number))])
      _ = peer.handle(.connectFailed(ConnectionID(.outgoing, number), "connection refused"), at: now)
      let next = try #require(peer.nextDeadline)
      pauses.append(next - now)
      now = next
      actions = peer.handle(.tick, at: now)
    }
    for (pause, longest) in zip(pauses, [1, 2, 4, 8, 16, 20, 20, 20]) {
      #expect((Duration.seconds(longest) * 0.75...Duration.seconds(longest)).contains(pause))
    }
    #expect(Set(pauses).count == 8)
  }

  @Test func `a session that lasted forgets the failures before it, a short one does not`() throws {
    for (lifetime, longest) in [(Duration.seconds(90), 1), (.seconds(5), 4)] {
      var peer = Peer(.external.with { $0.holdTime = .unlimited }, seed: 1)
      _ = peer.handle(.start, at: t0)
      for number in 1...2 as ClosedRange<UInt64> {
        _ = peer.handle(.connectFailed(ConnectionID(.outgoing, number), "refused"), at: t0)
        _ = peer.handle(.tick, at: t0 + .seconds(2))
      }
      let third = ConnectionID(.outgoing, 3)
      _ = peer.handle(.connected(third, .ipv4), at: t0)
      _ = peer.handle(.received(third, .open(.router())), at: t0)
      _ = peer.handle(.received(third, .keepalive), at: t0)
      #expect(peer.state == .established)
      let end = t0 + lifetime
      #expect(
        peer.handle(.closed(third, "reset"), at: end) == [.close(third), .report(.ended(.lost("reset")))])
      let pause = try #require(peer.nextDeadline) - end
      #expect((Duration.seconds(longest) * 0.75...Duration.seconds(longest)).contains(pause))
    }
  }

  @Test func `a refused OPEN is reported with its reason and when it is tried again`() throws {
    var peer = Peer(.external, seed: 1)
    _ = peer.handle(.start, at: t0)
    _ = peer.handle(.connected(Self.first, .ipv4), at: t0)
    let notification = Notification.open(.badPeerAS, data: [0, 7])
    let actions = peer.handle(.received(Self.first, .open(.router(asn: 7))), at: t0)
    let pause = try #require(peer.nextDeadline) - t0
    #expect(
      actions == [
        .send(Self.first, .notification(notification)), .close(Self.first),
        .report(.failed(.sent(notification, "unexpected peer ASN 7, want 64513"), nextAttempt: pause)),
      ])
  }

  @Test func `routes are sent once, then only what changes`() {
    var peer = Peer.established()
    let (a, b) = (prefix("192.0.2.1/32"), prefix("192.0.2.2/32"))
    let actions = peer.handle(.routes([a: Route(), b: Route()]), at: t0)
    #expect(actions.count == 2 && actions.last == .reportFlushed(Self.first))
    #expect(Set(announced(actions).map(\.0)) == [a, b])
    // While a batch is on its way nothing else is sent; what changes back meanwhile is not sent at all.
    #expect(peer.handle(.routes([a: nil]), at: t0) == [])
    #expect(peer.handle(.routes([a: Route(), b: nil]), at: t0) == [])
    #expect(
      peer.handle(.flushed(Self.first), at: t0) == [
        .send(Self.first, .update(UpdateMessage(withdrawn: [b]))), .reportFlushed(Self.first),
      ])
    #expect(peer.handle(.flushed(Self.first), at: t0) == [])
    #expect(peer.routes.sentCount == 1)
  }

  @Test func `a new session gets the whole table, then the End-of-RIB`() {
    var peer = Peer.established()
    let routes = Dictionary(uniqueKeysWithValues: (0..<10).map { (prefix("192.0.2.\($0)/32"), Route() as Route?) })
    _ = peer.handle(.routes(routes), at: t0)
    _ = peer.handle(.closed(Self.first, "reset"), at: t0)
    #expect(peer.routes.sentCount == 0)
    _ = peer.handle(.tick, at: t0 + .seconds(1))
    _ = peer.handle(.connected(Self.second, .ipv4), at: t0 + .seconds(1))
    _ = peer.handle(.received(Self.second, .open(.router())), at: t0 + .seconds(1))
    let actions = peer.handle(.received(Self.second, .keepalive), at: t0 + .seconds(1))
    #expect(Set(announced(actions).map(\.0)) == Set(routes.keys))
    #expect(actions.suffix(2) == [.send(Self.second, .update(.endOfRIB(.ipv4))), .reportFlushed(Self.second)])
  }

  @Test func `a route refresh is answered with everything, framed when both know how`() {
    let enhanced = OpenMessage.router([.multiprotocol(.ipv4Unicast), .routeRefresh, .enhancedRouteRefresh])
    for (router, isFramed) in [(OpenMessage.router(), false), (enhanced, true)] {
      var peer = Peer.established(.external, router)
      _ = peer.handle(.routes([prefix("192.0.2.1/32"): Route()]), at: t0)
      _ = peer.handle(.flushed(Self.first), at: t0)
      let actions = peer.handle(.received(Self.first, SessionTests.refresh), at: t0)
      #expect(announced(actions).map(\.0) == [prefix("192.0.2.1/32")])
      let frames = actions.filter { if case .send(_, .routeRefresh) = $0 { true } else { false } }
      #expect(
        frames
          == (isFramed
            ? [
              .send(Self.first, .routeRefresh(RouteRefresh(.beginning, .ipv4Unicast))),
              .send(Self.first, .routeRefresh(RouteRefresh(.end, .ipv4Unicast))),
            ] : []))
    }
  }

  @Test func `a slow reader is not a reason to send more, and in the end one to hang up`() {
    var peer = Peer.established(.external.with { $0.holdTime = .unlimited }, .router(holdSeconds: 0))
    _ = peer.handle(.routes([prefix("192.0.2.1/32"): Route()]), at: t0)
    #expect(peer.nextDeadline == t0 + .seconds(480))
    let actions = peer.handle(.tick, at: t0 + .seconds(480))
    #expect(actions.first == .send(Self.first, .notification(.sendHoldTimerExpired)))
    #expect(actions.contains(.report(.ended(.sent(.sendHoldTimerExpired)))))
  }

  @Test func `a drain sends everything again with the community of RFC 8326`() throws {
    var peer = Peer.established()
    let route = Route(communities: [Community(64_512, 1)])
    _ = peer.handle(.routes([prefix("192.0.2.1/32"): route]), at: t0)
    _ = peer.handle(.flushed(Self.first), at: t0)
    let actions = peer.handle(.drain, at: t0)
    #expect(announced(actions).map(\.0) == [prefix("192.0.2.1/32")])
    #expect(announced(actions).first?.1.communities == [Community(64_512, 1), .gracefulShutdown])
    // One UPDATE and nothing else: no word of the family that is not exchanged.
    #expect(actions.count == 2)
    #expect(peer.handle(.drain, at: t0) == [])
  }

  @Test func `the last word says why, and nothing is tried after it`() {
    var peer = Peer.established()
    let notification = Notification.cease(.administrativeShutdown, saying: "node worker-1 is stopping")
    #expect(
      peer.handle(.stop(.shutdown("node worker-1 is stopping")), at: t0) == [
        .send(Self.first, .notification(notification)), .close(Self.first), .report(.ended(.sent(notification))),
      ])
    #expect(peer.state == .idle)
    #expect(peer.nextDeadline == nil)
    #expect(peer.handle(.stop(.removed), at: t0) == [])
  }

  @Test func `a restart is silent where the peer keeps routes, and a farewell is hard where it would keep them`() {
    let settings = PeerSettings.external.with { $0.restartTime = .seconds(120) }
    for (covers, removed) in [
      (false, Notification.cease(.peerDeconfigured)), (true, .cease(.peerDeconfigured).asHardReset),
    ] {
      let restart = GracefulRestart(
        isRestarting: false, coversNotifications: covers, restartSeconds: 60, families: [])
      let router = OpenMessage.router([.multiprotocol(.ipv4Unicast), .gracefulRestart(restart)])
      var peer = Peer.established(settings, router)
      #expect(peer.handle(.stop(.restart), at: t0) == [.close(Self.first), .report(.ended(.restarting))])
      peer = Peer.established(settings, router)
      #expect(peer.handle(.stop(.removed), at: t0).first == .send(Self.first, .notification(removed)))
    }
    var plain = Peer.established(settings)
    #expect(
      plain.handle(.stop(.restart), at: t0).first == .send(Self.first, .notification(.cease(.administrativeReset))))
  }

  @Test func `only the first OPEN after a start says that it is a restart`() throws {
    func isRestarting(_ actions: [Peer.Action]) -> Bool? {
      for case .send(_, .open(let open)) in actions {
        for case .gracefulRestart(let restart) in open.capabilities { return restart.isRestarting }
      }
      return nil
    }
    var peer = Peer(.external.with { $0.restartTime = .seconds(120) }, isRestarting: true, seed: 1)
    _ = peer.handle(.start, at: t0)
    #expect(isRestarting(peer.handle(.connected(Self.first, .ipv4), at: t0)) == true)
    _ = peer.handle(.received(Self.first, .open(.router())), at: t0)
    _ = peer.handle(.received(Self.first, .keepalive), at: t0)
    _ = peer.handle(.closed(Self.first, "reset"), at: t0)
    _ = peer.handle(.tick, at: t0 + .seconds(1))
    #expect(isRestarting(peer.handle(.connected(Self.second, .ipv4), at: t0)) == false)
  }

  @Test func `settings that a session cannot have end it, others leave it alone`() {
    var peer = Peer.established()
    #expect(peer.handle(.reconfigured(.external.with { $0.connectInterval = .seconds(5) }), at: t0) == [])
    #expect(peer.handle(.reconfigured(.external.with { $0.keepaliveInterval = .seconds(5) }), at: t0) == [])
    #expect(peer.state == .established)
    let actions = peer.handle(.reconfigured(.external.with { $0.families = [.ipv4, .ipv6] }), at: t0)
    #expect(actions.first == .send(Self.first, .notification(.cease(.otherConfigurationChange))))
    #expect(actions.last == .dial(Self.second))
  }

  @Test func `capabilities are left out after they were refused`() {
    var peer = Peer(.external, seed: 1)
    _ = peer.handle(.start, at: t0)
    _ = peer.handle(.connected(Self.first, .ipv4), at: t0)
    _ = peer.handle(.received(Self.first, .notification(.open(.unsupportedOptionalParameter))), at: t0)
    _ = peer.handle(.tick, at: t0 + .seconds(1))
    let plain = OpenMessage(PeerSettings.external, .ipv4, isRestarting: false, offersCapabilities: false)
    #expect(
      peer.handle(.connected(Self.second, .ipv4), at: t0 + .seconds(1)) == [.send(Self.second, .open(plain))])
  }

  @Test func `a route that fits into no message is reported`() {
    var peer = Peer.established()
    let endless = Route(communities: (0..<1100).map { Community(rawValue: $0) })
    #expect(
      peer.handle(.routes([prefix("192.0.2.1/32"): endless]), at: t0) == [
        .report(.oversized([prefix("192.0.2.1/32")]))
      ])
    #expect(peer.handle(.routes([prefix("192.0.2.1/32"): endless]), at: t0) == [])
  }

  @Test func `a family without an address to name as next hop is reported and left out`() throws {
    let settings = PeerSettings.external.with { $0.families = [.ipv4, .ipv6] }
    let router = OpenMessage.router([.multiprotocol(.ipv4Unicast), .multiprotocol(.ipv6Unicast)])
    var peer = Peer(settings, seed: 1)
    _ = peer.handle(.start, at: t0)
    _ = peer.handle(.routes([prefix("2001:db8:1::1/128"): Route(), prefix("192.0.2.1/32"): Route()]), at: t0)
    _ = peer.handle(.connected(Self.first, .ipv4), at: t0)
    _ = peer.handle(.received(Self.first, .open(router)), at: t0)
    let actions = peer.handle(.received(Self.first, .keepalive), at: t0)
    #expect(actions.contains(.report(.withoutNextHop(.ipv6))))
    #expect(announced(actions).map(\.0) == [prefix("192.0.2.1/32")])
    #expect(!actions.contains(.send(Self.first, .update(.endOfRIB(.ipv6)))))
  }
}

/// The prefixes that some actions announce, with their attributes.
func announced(_ actions: [Peer.Action]) -> [(IPPrefix, PathAttributes)] {
  actions.flatMap { action -> [(IPPrefix, PathAttributes)] in
    guard case .send(_, .update(let update)) = action else { return [] }
    let reachable = update.attributes.reachable?.prefixes ?? []
    return (update.announced + reachable).map { ($0, update.attributes) }
  }
}
