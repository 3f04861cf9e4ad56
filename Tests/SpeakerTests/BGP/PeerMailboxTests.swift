import BGP
import Primitives
import Synchronization
import Testing

@testable import Speaker

@Suite struct PeerMailboxTests {
  static let connection = ConnectionID(.outgoing, 1)
  static let keepalive = Peer.Event.received(connection, Frame(type: 4, body: []))

  @Test func `facts keep their order, and of a prefix the latest counts`() throws {
    let mailbox = PeerMailbox()
    let prefix = try #require(IPPrefix("192.0.2.1/32"))
    mailbox.post(.start)
    mailbox.change([prefix: Route()])
    #expect(mailbox.offer(Self.keepalive) {})
    mailbox.change([prefix: nil])
    mailbox.post(.closed(Self.connection, "reset"))
    #expect(
      mailbox.take() == [.start, Self.keepalive, .closed(Self.connection, "reset"), .routes([prefix: nil])])
    #expect(mailbox.take() == [])
  }

  @Test func `a router that sends faster than it is read is told when there is room again`() {
    let mailbox = PeerMailbox()
    let resumed = Mutex(0)
    for _ in 0..<PeerMailbox.frameLimit { #expect(mailbox.offer(Self.keepalive) { Issue.record("there was room") }) }
    #expect(!mailbox.offer(Self.keepalive) { resumed.withLock { $0 += 1 } })
    #expect(mailbox.take().count == PeerMailbox.frameLimit)
    #expect(resumed.withLock { $0 } == 1)
    #expect(mailbox.offer(Self.keepalive) {})
  }

  @Test func `after the farewell began only what connections report is taken`() throws {
    let mailbox = PeerMailbox()
    mailbox.change([try #require(IPPrefix("192.0.2.1/32")): Route()])
    mailbox.close()
    mailbox.change([try #require(IPPrefix("192.0.2.2/32")): nil])
    mailbox.command(.stop(.removed))
    mailbox.post(.flushed(Self.connection))
    #expect(mailbox.take() == [.flushed(Self.connection)])
    mailbox.command(.pathFailed)
    #expect(mailbox.take() == [])
  }

  @Test func `a loop that is asked to turn owes that until it has looked, or says goodbye`() async {
    let mailbox = PeerMailbox()
    for sign in [{ _ = mailbox.take() }, { mailbox.close() }] {
      async let turn: Void = mailbox.turn()
      while !mailbox.isAskedToTurn { await Task.yield() }
      // The question wakes a loop that waits for nothing.
      await mailbox.wait(until: nil)
      #expect(mailbox.isAskedToTurn)
      sign()
      #expect(!mailbox.isAskedToTurn)
      await turn
    }
    await mailbox.turn()
    #expect(!mailbox.isAskedToTurn, "who has said goodbye owes nothing")
  }
}
