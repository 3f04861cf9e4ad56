import Primitives
import TestKit
import Testing

@testable import Gossip

@Suite struct ExchangeTests {
  private func state(_ name: String, _ liveness: Liveness = .alive, incarnation: UInt32 = 1) -> NodeState {
    NodeState(
      node: name, endpoint: Node.endpoint(of: name), meta: NodeMeta().bytes, incarnation: incarnation,
      liveness: liveness)
  }

  private func exchanges(_ actions: [Membership.Action]) -> [(id: Membership.ExchangeID, with: MemberAddress)] {
    actions.compactMap { action in
      guard case .exchange(let id, .pushPull, let endpoint, _) = action else { return nil }
      return (id, endpoint)
    }
  }

  @Test func `joining asks three at a time, and nobody whom an answer has told of`() {
    var node = Node()
    let everybody = (2...6).map { MemberAddress.node($0) }
    let asked = self.exchanges(node.handle(.join(everybody)))
    #expect(asked.count == 3)
    let answer = PushPull(isJoin: false, states: Node.names.dropFirst().map { self.state($0) })
    let joined = node.handle(.answered(asked[0].id, .pushPull(answer)))
    #expect(joined.changes == Node.names.dropFirst().map { .joined($0) })
    #expect(joined.contains(.settled))
    #expect(self.exchanges(joined).isEmpty, "the two that were not asked yet are known by now")
    #expect(node.membership.candidates == Set(Node.names))
    #expect(self.exchanges(node.handle(.join(everybody))).isEmpty)
  }

  @Test func `joining settles when nobody is left to ask, or after three seconds, once`() {
    var alone = Node()
    #expect(alone.handle(.join([])) == [.settled])
    #expect(alone.handle(.join([alpha])) == [])

    var refused = Node()
    let asked = self.exchanges(refused.handle(.join([beta, gamma])))
    #expect(!refused.handle(.unanswered(asked[0].id, reason: "refused")).contains(.settled))
    let last = refused.handle(.unanswered(asked[1].id, reason: "refused"))
    #expect(last == [.report(.unreachable(asked[1].with, reason: "refused")), .settled])

    var hanging = Node()
    hanging.handle(.join([beta]))
    #expect(!hanging.pass(.milliseconds(2990)).contains(.settled))
    #expect(hanging.pass(.milliseconds(20)).contains(.settled))
    #expect(!hanging.pass(.seconds(60)).contains(.settled))
  }

  @Test func `who joins us is answered with everything, and settles us`() {
    var node = Node()
    node.handle(.join([gamma]))
    let content = PushPull(isJoin: true, states: [self.state("beta")])
    let actions = node.handle(.requested(.pushPull(content), on: 5))
    let own = node.membership.own
    #expect(
      actions.first
        == .answer(
          5,
          .pushPull(
            PushPull(
              isJoin: true,
              states: [
                NodeState(
                  node: "alpha", endpoint: alpha, meta: own.meta, incarnation: 1, liveness: .alive)
              ]))))
    #expect(actions.changes == [.joined("beta")])
    #expect(actions.contains(.settled))
  }

  @Test func `what another node holds for dead is only suspected`() {
    var node = Node(knowing: ["beta", "gamma", "delta"])
    let content = PushPull(
      isJoin: false, states: [self.state("beta"), self.state("gamma", .dead), self.state("delta", .left)])
    #expect(
      node.handle(.requested(.pushPull(content), on: 1)).changes
        == [.suspected("gamma", by: "alpha"), .left("delta")])
  }

  @Test func `a group whose protocol does not go with ours is not merged`() {
    var node = Node(knowing: ["beta"])
    var stranger = self.state("gamma")
    stranger.versions = ProtocolVersions(minimum: 6, maximum: 7, current: 6)
    let actions = node.handle(.requested(.pushPull(PushPull(isJoin: true, states: [stranger])), on: 1))
    #expect(actions.changes == [.incompatible("Node 'gamma' protocol version (6) is incompatible: [6, 5]")])
    #expect(node.membership.member("gamma") == nil)
  }

  @Test func `everything is compared with somebody now and then, less often in a large group`() {
    var node = Node(knowing: ["beta"])
    #expect(self.exchanges(node.pass(.seconds(300), reply: acknowledge)).count == 10)
    #expect(Settings.lan.exchangeInterval(nodes: 32) == .seconds(30))
    #expect(Settings.lan.exchangeInterval(nodes: 33) == .seconds(60))
    #expect(Settings.lan.exchangeInterval(nodes: 5000) == .seconds(270))
  }

  @Test func `a ping over a stream is answered on it`() {
    var node = Node()
    #expect(
      node.handle(.requested(.ping(Ping(sequence: 4, node: "alpha")), on: 9)) == [.answer(9, .ack(Ack(sequence: 4)))])
    #expect(node.handle(.requested(.ping(Ping(sequence: 4, node: "beta")), on: 9)) == [.answer(9, nil)])
  }

  // MARK: - Leaving

  @Test func `leaving is told to the others before it is done, and not contradicted`() {
    var node = Node(knowing: ["beta", "gamma"])
    node.pass(.seconds(10), reply: acknowledge)
    let death = Message.dead(Node.accusation("alpha", from: "alpha"))
    var actions = node.handle(.leave)
    #expect(actions.messages.contains { $0.message == death })
    actions += node.hear(.suspect(Node.accusation("alpha")))
    actions += node.pass(.seconds(1), reply: acknowledge)
    #expect(actions.messages(to: beta).contains(death) && actions.messages(to: gamma).contains(death))
    #expect(actions.filter { $0 == .departed }.count == 1)
    #expect(node.membership.nextDeadline == nil)
    #expect(node.hear(.ping(Ping(sequence: 1, node: "alpha"))) == [])
  }

  @Test func `who leaves wants no tick that it does nothing in`() throws {
    var settings = Settings.lan
    // Telling the others takes all the time that there is.
    settings.retransmitMultiplier = 100
    var node = Node(knowing: ["beta", "gamma"], settings: settings)
    node.pass(.seconds(10), reply: acknowledge)
    node.handle(.leave)
    var ticks = 0
    while let deadline = node.membership.nextDeadline {
      ticks += 1
      try #require(ticks < 100, "the machine is never content")
      node.now = max(node.now, deadline)
      node.handle(.tick)
    }
    #expect(ticks < 20)
  }

  @Test func `who is alone leaves at once`() {
    var node = Node()
    #expect(node.handle(.leave) == [.departed])
  }
}
