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

  @Test func `a router that has moved gets a session at its new place`() {
    var peer = Peer.established()
    let actions = peer.handle(.moved, at: t0 + .seconds(1))
    #expect(actions.contains(.send(Peer.outgoing, .notification(.cease(.otherConfigurationChange)))))
    #expect(actions.contains(.close(Peer.outgoing)))
    #expect(actions.last == .dial(Self.second))
  }
}
