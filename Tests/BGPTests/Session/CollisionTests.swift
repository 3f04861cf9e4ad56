import Primitives
import TestKit
import Testing

@testable import BGP

/// Two connections at once (RFC 4271 section 6.8).
@Suite struct CollisionTests {
  static let ours = ConnectionID(.outgoing, 1)
  static let theirs = ConnectionID(.incoming, 1)
  static let collision = Message.notification(.cease(.connectionCollision))

  /// A peer that connected while we did: both connections are in OpenSent.
  static func both() -> Peer {
    var peer = Peer(.external, seed: 1)
    _ = peer.handle(.start, at: t0)
    _ = peer.handle(.connected(Self.ours, .ipv4), at: t0)
    _ = peer.handle(.accepted(Self.theirs, .ipv4), at: t0)
    return peer
  }

  @Test(
    arguments: [
      (IPv4Address(10, 0, 0, 0), 64_513, theirs, ours), (IPv4Address(10, 0, 0, 2), 64_513, ours, theirs),
      // Of equal identifiers, the AS numbers decide.
      (IPv4Address(10, 0, 0, 1), 64_513, ours, theirs),
    ] as [(IPv4Address, UInt32, ConnectionID, ConnectionID)])
  func `the connection of the higher identifier stays, whichever is introduced first`(
    identifier: IPv4Address, asn: UInt32, loser: ConnectionID, winner: ConnectionID
  ) {
    for order in [[loser, winner], [winner, loser]] {
      var peer = Self.both()
      let open = Message.open(.router(asn: asn, identifier: identifier))
      #expect(peer.handle(.received(order[0], open), at: t0) == [.send(order[0], .keepalive)])
      let actions = peer.handle(.received(order[1], open), at: t0)
      #expect(actions == [.send(order[1], .keepalive), .send(loser, Self.collision), .close(loser)])
      _ = peer.handle(.received(winner, .keepalive), at: t0)
      #expect(peer.state == .established)
      #expect(peer.established == winner)
      #expect(peer.handle(.tick, at: t0 + .seconds(20)) == [])
    }
  }

  @Test func `an established session is kept when the peer connects once more`() {
    var peer = Peer.established()
    #expect(peer.handle(.accepted(Self.theirs, .ipv4), at: t0).count == 1)
    #expect(
      peer.handle(.received(Self.theirs, .open(.router())), at: t0) == [
        .send(Self.theirs, .keepalive), .send(Self.theirs, Self.collision), .close(Self.theirs),
      ])
    #expect(peer.state == .established)
  }

  @Test func `a peer that restarts gracefully replaces its session`() {
    let restart = GracefulRestart(isRestarting: true, coversNotifications: false, restartSeconds: 60, families: [])
    let router = OpenMessage.router([.multiprotocol(.ipv4Unicast), .gracefulRestart(restart)])
    var peer = Peer.established(.external, router)
    // So soon it has begun together with the one that made the session.
    _ = peer.handle(.accepted(Self.theirs, .ipv4), at: t0)
    let early = peer.handle(.received(Self.theirs, .open(router)), at: t0 + .seconds(4))
    #expect(early.last == .close(Self.theirs) && peer.established == Self.ours)
    let (later, evenLater) = (t0 + .seconds(10), t0 + .seconds(20))
    _ = peer.handle(.accepted(Self.theirs, .ipv4), at: later)
    #expect(
      peer.handle(.received(Self.theirs, .open(router)), at: later) == [
        .send(Self.theirs, .keepalive), .close(Self.ours),
        .report(.ended(.lost("the router has connected anew, as after a restart"))),
      ])
    _ = peer.handle(.received(Self.theirs, .keepalive), at: later)
    #expect(peer.established == Self.theirs)
    // And once more, when the session is one that it had made itself.
    let again = ConnectionID(.incoming, 2)
    #expect(peer.handle(.accepted(again, .ipv4), at: evenLater).count == 1)
    #expect(
      peer.handle(.accepted(ConnectionID(.incoming, 3), .ipv4), at: evenLater).last
        == .close(ConnectionID(.incoming, 3)))
    _ = peer.handle(.received(again, .open(router)), at: evenLater)
    #expect(peer.state == .openConfirm)
    _ = peer.handle(.received(again, .keepalive), at: evenLater)
    #expect(peer.established == again)
  }

  @Test func `our attempt is given up when the peer was faster`() {
    var peer = Peer(.external, seed: 1)
    _ = peer.handle(.start, at: t0)
    _ = peer.handle(.accepted(Self.theirs, .ipv4), at: t0)
    _ = peer.handle(.received(Self.theirs, .open(.router())), at: t0)
    let actions = peer.handle(.received(Self.theirs, .keepalive), at: t0)
    #expect(actions.contains(.abandon(Self.ours)))
    // When that session ends, it is our turn again.
    _ = peer.handle(.closed(Self.theirs, "reset"), at: t0)
    #expect(peer.handle(.tick, at: t0 + .seconds(1)) == [.dial(ConnectionID(.outgoing, 2))])
  }

  @Test func `a connection of the peer that fails leaves our attempt alone`() {
    var peer = Peer(.external, seed: 1)
    _ = peer.handle(.start, at: t0)
    _ = peer.handle(.accepted(Self.theirs, .ipv4), at: t0)
    let actions = peer.handle(.closed(Self.theirs, "reset"), at: t0)
    #expect(actions == [.close(Self.theirs), .report(.failed(.lost("reset"), nextAttempt: nil))])
    #expect(peer.handle(.connected(Self.ours, .ipv4), at: t0).count == 1)
    #expect(peer.state == .openSent)
  }

  @Test func `a passive peer waits to be connected to`() {
    var peer = Peer(.external.with { $0.isPassive = true }, seed: 1)
    #expect(peer.handle(.start, at: t0) == [])
    #expect(peer.state == .active)
    #expect(peer.nextDeadline == nil)
    _ = peer.handle(.accepted(Self.theirs, .ipv4), at: t0)
    _ = peer.handle(.received(Self.theirs, .open(.router())), at: t0)
    _ = peer.handle(.received(Self.theirs, .keepalive), at: t0)
    #expect(peer.state == .established)
    _ = peer.handle(.closed(Self.theirs, "reset"), at: t0)
    #expect(peer.nextDeadline == nil)
    #expect(peer.state == .active)
  }

  @Test func `a second connection of the peer while the first is young is turned away`() {
    var peer = Self.both()
    let another = ConnectionID(.incoming, 2)
    #expect(
      peer.handle(.accepted(another, .ipv4), at: t0) == [
        .send(another, .notification(.cease(.connectionRejected))), .close(another),
      ])
  }
}
