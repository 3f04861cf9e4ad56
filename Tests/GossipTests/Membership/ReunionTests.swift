import Gossip
import Primitives
import TestKit
import Testing

/// How those are found again that the group has lost.
@Suite struct ReunionTests {
  private func pings(_ actions: [Membership.Action], to endpoint: MemberAddress) -> [Ping] {
    actions.messages(to: endpoint).compactMap { message in
      guard case .ping(let ping) = message else { return nil }
      return ping
    }
  }

  private func exchanges(_ actions: [Membership.Action]) -> [(id: Membership.ExchangeID, with: MemberAddress)] {
    actions.compactMap { action in
      guard case .exchange(let id, .pushPull, let endpoint, _) = action else { return nil }
      return (id, endpoint)
    }
  }

  /// A node that holds beta for dead.
  private func bereft() -> Node {
    var node = Node(knowing: ["beta", "gamma"])
    node.pass(.seconds(5), reply: acknowledge)
    node.hear(.dead(Node.accusation("beta", from: "gamma")), from: gamma)
    return node
  }

  @Test func `the dead are called four times a second, and told first what they are accused of`() {
    var node = self.bereft()
    let actions = node.pass(.seconds(10), reply: acknowledge(except: beta))
    let calls = self.pings(actions, to: beta)
    #expect((38...41).contains(calls.count))
    #expect(calls.allSatisfy { $0.node.isEmpty })
    let told = actions.messages(to: beta)
    let first = told.firstIndex { if case .ping = $0 { true } else { false } }
    #expect(first.map { told[..<$0].contains(.dead(Node.accusation("beta", from: "alpha"))) } == true)
  }

  @Test func `who answers a call is asked for everything at once, and not twice at a time`() throws {
    var node = self.bereft()
    let call = try #require(self.pings(node.pass(.milliseconds(300), reply: acknowledge(except: beta)), to: beta).last)
    let answered = node.hear(.ack(Ack(sequence: call.sequence)))
    let exchange = try #require(self.exchanges(answered).first)
    #expect(exchange.with == beta)
    #expect(self.exchanges(node.hear(.ack(Ack(sequence: call.sequence)))).isEmpty, "a call is answered once")
    let next = try #require(self.pings(node.pass(.milliseconds(300), reply: acknowledge(except: beta)), to: beta).last)
    #expect(self.exchanges(node.hear(.ack(Ack(sequence: next.sequence)))).isEmpty, "one exchange is under way")
    let content = PushPull(
      isJoin: false,
      states: [
        NodeState(
          node: "beta", endpoint: beta, meta: NodeMeta().bytes, incarnation: 2, liveness: .alive)
      ])
    #expect(node.handle(.answered(exchange.id, .pushPull(content))).changes == [.joined("beta")])
    node.pass(.milliseconds(300), reply: acknowledge)
    // One ping a second goes to it, as to every member.
    #expect(self.pings(node.pass(.seconds(4), reply: acknowledge), to: beta).count <= 4)
  }

  @Test func `a node that hears what it was accused of while it was away objects in its answer`() {
    var node = Node(knowing: ["beta", "gamma"])
    node.pass(.seconds(5), reply: acknowledge)
    let actions = node.hear(
      .dead(Node.accusation("alpha", from: "beta")), .ping(Ping(sequence: 7, node: "")), from: beta)
    let told = actions.messages(to: beta)
    #expect(told.first == .ack(Ack(sequence: 7)))
    #expect(
      told.contains {
        if case .alive(let claim) = $0 { claim.node == "alpha" && claim.incarnation == 2 } else { false }
      })
  }

  @Test func `places where speakers should be are called until somebody is there`() throws {
    var node = Node()
    let asked = self.exchanges(node.handle(.join([beta])))
    node.handle(.unanswered(asked[0].id, reason: "refused"))
    let calls = self.pings(node.pass(.seconds(60)), to: beta)
    #expect((230...250).contains(calls.count))
    let call = try #require(calls.last)
    #expect(self.exchanges(node.hear(.ack(Ack(sequence: call.sequence)))).map(\.with) == [beta])
  }

  @Test func `a large group calls no more often than a small one`() {
    var node = Node(knowing: (1...200).map { "node-\($0)" })
    node.hear(.alive(Node.claim("beta")))
    node.hear(.dead(Node.accusation("beta", from: "gamma")))
    // Two hundred share four to eight calls a second: this one has its turn every 25 seconds.
    let calls = self.pings(node.pass(.seconds(100), reply: acknowledge(except: beta)), to: beta)
    #expect((3...5).contains(calls.count))
  }

  @Test func `who has left is not called, nor is anybody while nobody is missing`() {
    var node = Node(knowing: ["beta", "gamma"])
    node.pass(.seconds(5), reply: acknowledge)
    node.hear(.dead(Node.accusation("beta", from: "beta")))
    #expect(self.pings(node.pass(.seconds(20), reply: acknowledge), to: beta).isEmpty)
  }

  @Test func `who answers and does not become a member is asked more and more seldom`() throws {
    var node = self.bereft()
    let stranger = NodeState(
      node: "beta", endpoint: beta, incarnation: 2, liveness: .alive,
      versions: ProtocolVersions(minimum: 6, maximum: 7, current: 6))
    var asked = 0
    for _ in 0..<600 {
      let actions = node.pass(.milliseconds(100), reply: acknowledge)
      for (message, endpoint) in actions.messages where endpoint == beta {
        guard case .ping(let ping) = message, ping.node.isEmpty else { continue }
        for exchange in self.exchanges(node.hear(.ack(Ack(sequence: ping.sequence)))) {
          asked += 1
          node.handle(.answered(exchange.id, .pushPull(PushPull(isJoin: false, states: [stranger]))))
        }
      }
      for exchange in self.exchanges(actions) where exchange.with == beta {
        asked += 1
        node.handle(.answered(exchange.id, .pushPull(PushPull(isJoin: false, states: [stranger]))))
      }
    }
    #expect((5...9).contains(asked))
  }
}
