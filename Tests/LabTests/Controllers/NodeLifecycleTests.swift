import Testing

@testable import Lab

struct NodeLifecycleTests {
  private let t0 = ContinuousClock.now

  private func nodes(_ names: String...) -> NodeLifecycle {
    var nodes = NodeLifecycle(grace: .seconds(2), evictAfter: .seconds(20))
    for name in names { nodes.appeared(name, at: self.t0) }
    return nodes
  }

  @Test func `a silent node is given up after the grace, its pods later, and comes back with a heartbeat`() {
    var nodes = self.nodes("node-1")
    nodes.heard("node-1", at: self.t0 + .seconds(1))
    #expect(nodes.nextDeadline == self.t0 + .seconds(3))
    #expect(nodes.judge(at: self.t0 + .milliseconds(2999)) == [])
    #expect(nodes.judge(at: self.t0 + .seconds(3)) == [.markUnreachable("node-1")])
    #expect(nodes.judge(at: self.t0 + .seconds(22)) == [])
    #expect(nodes.judge(at: self.t0 + .seconds(23)) == [.evictPods("node-1")])
    #expect(nodes.nextDeadline == nil)
    nodes.heard("node-1", at: self.t0 + .seconds(30))
    #expect(nodes.judge(at: self.t0 + .seconds(30)) == [.markReady("node-1")])
    nodes.heard("node-1", at: self.t0 + .seconds(31))
    #expect(nodes.judge(at: self.t0 + .seconds(31)) == [])
  }

  @Test func `a node that nobody has heard of is ready once it is heard`() {
    var nodes = self.nodes()
    nodes.heard("node-1", at: self.t0)
    #expect(nodes.judge(at: self.t0) == [.markReady("node-1")])
  }

  @Test func `a node whose object is deleted is forgotten`() {
    var nodes = self.nodes("node-1")
    nodes.disappeared("node-1")
    #expect(nodes.nextDeadline == nil)
    #expect(nodes.judge(at: self.t0 + .seconds(60)) == [])
  }

  @Test func `one node's silence says nothing about another`() {
    var nodes = self.nodes("node-1", "node-2")
    nodes.heard("node-2", at: self.t0 + .seconds(2))
    #expect(nodes.judge(at: self.t0 + .seconds(2)) == [.markUnreachable("node-1")])
  }

  @Test func `heartbeats that are looked at late make no node look dead`() {
    var nodes = self.nodes("node-1", "node-2")
    nodes.appeared("node-2", at: self.t0 + .seconds(5))
    nodes.heard("node-1", at: self.t0 + .milliseconds(4200))
    nodes.heard("node-2", at: self.t0 + .milliseconds(2900))
    #expect(nodes.judge(at: self.t0 + .seconds(5)) == [.markUnreachable("node-2")])
  }
}
