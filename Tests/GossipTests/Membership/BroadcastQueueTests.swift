import Testing

@testable import Gossip

@Suite struct BroadcastQueueTests {
  private func message(_ length: Int, _ mark: UInt8) -> [UInt8] { Array(repeating: mark, count: length) }

  @Test func `what was sent least goes first, the longest that fits of it, the newest of those`() {
    var queue = BroadcastQueue()
    queue.insert(self.message(10, 1), about: "a")
    queue.insert(self.message(20, 2), about: "b")
    queue.insert(self.message(10, 3), about: "c")
    #expect(queue.take(room: 24, overhead: 2, limit: 3) == [self.message(20, 2)])
    #expect(queue.take(room: 24, overhead: 2, limit: 3) == [self.message(10, 3), self.message(10, 1)])
    #expect(queue.take(room: 100, overhead: 2, limit: 3).count == 3)
  }

  @Test func `news replace older news about the same node`() {
    var queue = BroadcastQueue()
    queue.insert(self.message(10, 1), about: "a")
    queue.insert(self.message(5, 2), about: "a")
    #expect(queue.count == 1)
    #expect(queue.take(room: 100, overhead: 2, limit: 9) == [self.message(5, 2)])
  }

  @Test func `what was sent often enough is dropped`() {
    var queue = BroadcastQueue()
    queue.insert(self.message(10, 1), about: "a")
    for _ in 0..<3 {
      #expect(queue.contains("a"))
      #expect(queue.take(room: 100, overhead: 2, limit: 3).count == 1)
    }
    #expect(queue.isEmpty)
    #expect(queue.take(room: 100, overhead: 2, limit: 3) == [])
  }

  @Test func `the limits follow the number of nodes as memberlist's do`() {
    #expect([1, 9, 10, 99, 100, 999, 5000].map(Settings.lan.retransmitLimit) == [4, 4, 8, 8, 12, 12, 16])
    #expect(Settings.lan.suspicionTimeout(nodes: 3) == .seconds(4))
    #expect(Settings.lan.suspicionTimeout(nodes: 100) == .seconds(8))
    #expect(Settings.lan.suspicionTimeout(nodes: 500) == .milliseconds(10_792))
    #expect(Settings.wan.suspicionTimeout(nodes: 3) == .seconds(30))
  }
}
