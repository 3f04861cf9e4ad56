import Testing

@testable import Lab

struct NodeLifecycleTests {
  private let t0 = ContinuousClock.now

  @Test func `a silent node is given up after the grace, its pods later, and comes back with a heartbeat`() {
    var nodes = NodeLifecycle(grace: .seconds(2), evictAfter: .seconds(20))
    #expect(nodes.handle(.appeared("node-1"), at: self.t0) == [])
    #expect(nodes.handle(.heartbeat("node-1"), at: self.t0 + .seconds(1)) == [])
    #expect(nodes.nextDeadline == self.t0 + .seconds(3))
    #expect(nodes.handle(.tick, at: self.t0 + .milliseconds(2999)) == [])
    #expect(nodes.handle(.tick, at: self.t0 + .seconds(3)) == [.markUnreachable("node-1")])
    #expect(nodes.handle(.tick, at: self.t0 + .seconds(23)) == [.evictPods("node-1")])
    #expect(nodes.nextDeadline == nil)
    #expect(nodes.handle(.heartbeat("node-1"), at: self.t0 + .seconds(30)) == [.markReady("node-1")])
    #expect(nodes.handle(.heartbeat("node-1"), at: self.t0 + .seconds(31)) == [])
  }

  @Test func `a node whose object is deleted is forgotten`() {
    var nodes = NodeLifecycle(grace: .seconds(2), evictAfter: .seconds(20))
    _ = nodes.handle(.appeared("node-1"), at: self.t0)
    #expect(nodes.handle(.disappeared("node-1"), at: self.t0) == [])
    #expect(nodes.nextDeadline == nil)
  }

  @Test func `one node's silence says nothing about another`() {
    var nodes = NodeLifecycle(grace: .seconds(2), evictAfter: .seconds(20))
    for name in ["node-1", "node-2"] { _ = nodes.handle(.appeared(name), at: self.t0) }
    #expect(nodes.handle(.heartbeat("node-2"), at: self.t0 + .seconds(2)) == [.markUnreachable("node-1")])
  }
}
