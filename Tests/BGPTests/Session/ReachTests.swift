import Primitives
import TestKit
import Testing

@testable import BGP

/// What a peer makes of news about the way to its router.
@Suite struct ReachTests {
  static let second = ConnectionID(.outgoing, 2)

  @Test func `a router within reach is tried at once, however long the pause was`() {
    var peer = Peer(.external, seed: 1)
    _ = peer.handle(.start, at: t0)
    _ = peer.handle(.connectFailed(Peer.outgoing, "no router"), at: t0)
    #expect(peer.state == .active)
    #expect(peer.handle(.reachable, at: t0 + .milliseconds(10)) == [.dial(Self.second)])
    #expect(peer.state == .connect)
  }

  @Test func `an attempt that is under way gives way to one that knows more`() {
    var peer = Peer(.external, seed: 1)
    _ = peer.handle(.start, at: t0)
    #expect(peer.handle(.reachable, at: t0) == [.abandon(Peer.outgoing), .dial(Self.second)])
  }

  @Test func `a session goes on when its router is found once more`() {
    var peer = Peer.established()
    #expect(peer.handle(.reachable, at: t0 + .seconds(1)) == [])
    #expect(peer.state == .established)
  }

  @Test func `who is passive, or stopped, tries nothing`() {
    var passive = Peer(PeerSettings.external.with { $0.isPassive = true }, seed: 1)
    _ = passive.handle(.start, at: t0)
    #expect(passive.handle(.reachable, at: t0) == [])
    var stopped = Peer.established()
    _ = stopped.handle(.stop(.removed), at: t0)
    #expect(stopped.handle(.reachable, at: t0) == [])
  }

  @Test func `a link that is gone ends the session without a word`() {
    var peer = Peer.established()
    let actions = peer.handle(.unreachable("the interface has no carrier"), at: t0 + .seconds(1))
    #expect(
      actions == [.close(Peer.outgoing), .report(.ended(.lost("the interface has no carrier")))])
    #expect(peer.state == .active)
    #expect(peer.handle(.reachable, at: t0 + .seconds(2)) == [.dial(Self.second)])
  }

  @Test func `a link that is gone ends an attempt, which is tried again`() {
    var peer = Peer(.external, seed: 1)
    _ = peer.handle(.start, at: t0)
    let actions = peer.handle(.unreachable("the interface is down"), at: t0)
    #expect(actions.first == .abandon(Peer.outgoing))
    #expect(peer.lastEnd == .lost("the interface is down"))
    #expect(peer.state == .active)
  }

  /// Established over IPv4 with routes of both families.
  private static func dual(_ endpoint: ConnectionEndpoint) -> Peer {
    let router = OpenMessage.router([.multiprotocol(.ipv4Unicast), .multiprotocol(.ipv6Unicast)])
    var peer = Peer.established(.external.with { $0.families = [.ipv4, .ipv6] }, router, endpoint)
    _ = peer.handle(.routes([Self.routeV6: Route(), prefix("192.0.2.1/32"): Route()]), at: t0)
    _ = peer.handle(.flushed(Peer.outgoing), at: t0)
    return peer
  }

  private static let routeV6 = prefix("2001:db8:1::1/128")

  private static func announcement(_ nextHop: ConnectionEndpoint) -> Peer.Action {
    var attributes = PathAttributes()
    attributes.origin = .igp
    attributes.asPath = ASPath(sequence: [ASN(64_512)], width: .two)
    attributes.reachable = nextHop.ipv6.map {
      ReachableRoutes(.ipv6, nextHop: .v6($0, linkLocal: nextHop.linkLocal), [Self.routeV6])
    }
    return .send(Peer.outgoing, .update(UpdateMessage(attributes: attributes)))
  }

  @Test func `a family is announced as soon as the interface has an address to give as its next hop`() {
    var peer = Self.dual(.ipv4)
    #expect(peer.routes.sentCount == 1)
    #expect(
      peer.handle(.readdressed(Peer.outgoing, .dual), at: t0) == [
        Self.announcement(.dual), .send(Peer.outgoing, .update(.endOfRIB(.ipv6))), .reportFlushed(Peer.outgoing),
      ])
    _ = peer.handle(.flushed(Peer.outgoing), at: t0)
    #expect(peer.handle(.readdressed(Peer.outgoing, .dual), at: t0) == [])
  }

  @Test func `a next hop that is another, or gone, is told for the routes of its family alone`() {
    var peer = Self.dual(.dual)
    #expect(peer.routes.sentCount == 2)
    var moved = ConnectionEndpoint.dual
    moved.ipv6 = v6("2001:db8:9::1")
    #expect(
      peer.handle(.readdressed(Peer.outgoing, moved), at: t0) == [
        Self.announcement(moved), .reportFlushed(Peer.outgoing),
      ])
    _ = peer.handle(.flushed(Peer.outgoing), at: t0)
    let withdrawal = UpdateMessage(
      attributes: {
        var attributes = PathAttributes()
        attributes.unreachable = UnreachableRoutes(.ipv6, [Self.routeV6])
        return attributes
      }())
    #expect(
      peer.handle(.readdressed(Peer.outgoing, .ipv4), at: t0) == [
        .report(.withoutNextHop(.ipv6)), .send(Peer.outgoing, .update(withdrawal)), .reportFlushed(Peer.outgoing),
      ])
    _ = peer.handle(.flushed(Peer.outgoing), at: t0)
    #expect(peer.routes.sentCount == 1 && peer.routes.oversizedCount == 0)
    // What changes meanwhile waits for it.
    #expect(peer.handle(.routes([Self.routeV6: Route(prependCount: 1)]), at: t0) == [])
    #expect(peer.handle(.routes([Self.routeV6: Route()]), at: t0) == [])
    #expect(peer.handle(.readdressed(Peer.outgoing, moved), at: t0).first == Self.announcement(moved))
  }

  @Test func `a router that has moved gets a session at its new place`() {
    var peer = Peer.established()
    let actions = peer.handle(.moved, at: t0 + .seconds(1))
    #expect(actions.contains(.send(Peer.outgoing, .notification(.cease(.otherConfigurationChange)))))
    #expect(actions.contains(.close(Peer.outgoing)))
    #expect(actions.last == .dial(Self.second))
  }
}
