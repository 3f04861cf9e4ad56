import Primitives
import TestKit
import Testing

@testable import BGP

/// What BFD says of the path, and what BGP makes of it (decision 20).
@Suite struct PathFailureTests {
  static let first = ConnectionID(.outgoing, 1)
  static let second = ConnectionID(.outgoing, 2)
  static let third = ConnectionID(.outgoing, 3)

  private static func failed(_ settings: PeerSettings = .external) -> Peer {
    var peer = Peer.established(settings)
    _ = peer.handle(.pathFailed, at: t0)
    return peer
  }

  @Test func `a path that fails ends the session at once, and nothing is tried`() {
    var peer = Peer.established()
    let reason = EndReason.sent(.cease(.bfdDown))
    #expect(
      peer.handle(.pathFailed, at: t0) == [
        .send(Self.first, .notification(.cease(.bfdDown))), .close(Self.first), .report(.ended(reason)),
        .report(.heldBack(.seconds(10))),
      ])
    #expect(peer.state == .idle)
    #expect(peer.handle(.pathFailed, at: t0) == [])
    #expect(peer.handle(.tick, at: t0 + .seconds(9)) == [])
    #expect(peer.nextDeadline == t0 + .seconds(10))
  }

  @Test func `the peer is tried again as soon as the path works`() {
    var peer = Self.failed()
    #expect(peer.handle(.pathRestored, at: t0 + .milliseconds(300)) == [.dial(Self.second)])
    #expect(peer.state == .connect)
    #expect(peer.handle(.pathRestored, at: t0 + .milliseconds(300)) == [])
  }

  @Test func `a router whose BFD begins with BGP is tried without it in the end`() {
    var peer = Self.failed()
    #expect(peer.handle(.tick, at: t0 + .seconds(10)) == [.dial(Self.second)])
  }

  @Test func `a router that noticed first is not tried again before the path works`() {
    var peer = Peer.established()
    _ = peer.handle(.closed(Self.first, "the router closed the connection"), at: t0)
    #expect(peer.state == .active)
    #expect(peer.handle(.pathFailed, at: t0 + .milliseconds(20)) == [.report(.heldBack(.seconds(10)))])
    #expect(peer.nextDeadline == t0 + .milliseconds(10_020))
    // The same while it is being tried.
    #expect(peer.handle(.pathRestored, at: t0 + .seconds(1)) == [.dial(Self.second)])
    #expect(
      peer.handle(.pathFailed, at: t0 + .seconds(2)) == [.abandon(Self.second), .report(.heldBack(.seconds(10)))])
    #expect(peer.handle(.pathRestored, at: t0 + .seconds(3)) == [.dial(Self.third)])
    _ = peer.handle(.connected(Self.third, .ipv4), at: t0 + .seconds(3))
    #expect(
      peer.handle(.pathFailed, at: t0 + .seconds(4)).first
        == .send(Self.third, .notification(.cease(.bfdDown))))
    #expect(peer.nextDeadline == t0 + .seconds(14))
  }

  @Test func `a router that connects over a path that failed is sent away`() {
    var peer = Self.failed()
    let incoming = ConnectionID(.incoming, 7)
    #expect(
      peer.handle(.accepted(incoming, .ipv4), at: t0 + .seconds(1)) == [
        .send(incoming, .notification(.cease(.connectionRejected))), .close(incoming),
      ])
    var passive = Self.failed(.external.with { $0.isPassive = true })
    #expect(passive.handle(.pathRestored, at: t0 + .seconds(1)) == [])
    #expect(passive.handle(.accepted(incoming, .ipv4), at: t0 + .seconds(1)).count == 1)
    #expect(passive.state == .openSent)
  }

  @Test func `a path that works cuts the pause between two attempts short`() throws {
    var peer = Peer(.external, seed: 1)
    _ = peer.handle(.start, at: t0)
    _ = peer.handle(.connectFailed(Self.first, "no route to host"), at: t0)
    #expect(peer.state == .active)
    #expect(peer.handle(.pathRestored, at: t0 + .milliseconds(10)) == [.dial(Self.second)])
    // An attempt that has just begun may succeed; one that is older waits for a packet that was lost.
    #expect(peer.handle(.pathRestored, at: t0 + .milliseconds(20)) == [])
    #expect(peer.handle(.pathRestored, at: t0 + .milliseconds(1010)) == [.abandon(Self.second), .dial(Self.third)])
  }

  @Test func `a path that works is no news to a session, nor to a peer that was stopped`() {
    var peer = Peer.established()
    #expect(peer.handle(.pathRestored, at: t0) == [])
    _ = peer.handle(.pathFailed, at: t0)
    _ = peer.handle(.stop(.removed), at: t0)
    #expect(peer.handle(.pathRestored, at: t0) == [])
    #expect(peer.handle(.pathFailed, at: t0) == [])
    #expect(peer.nextDeadline == nil)
  }

  @Test func `routes are not kept over a path that failed, whatever was agreed on`() {
    let settings = PeerSettings.external.with { $0.restartTime = .seconds(120) }
    let restart = GracefulRestart(isRestarting: false, coversNotifications: true, restartSeconds: 120, families: [])
    let router = OpenMessage.router(
      [
        .multiprotocol(.ipv4Unicast), .fourOctetASN(ASN(64_513)), .gracefulRestart(restart),
      ])
    var peer = Peer.established(settings, router)
    let actions = peer.handle(.pathFailed, at: t0)
    #expect(actions.first == .send(Self.first, .notification(Notification.cease(.bfdDown).asHardReset)))
  }
}
