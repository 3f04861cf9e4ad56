import Primitives
import TestKit
import Testing

@testable import Gossip

@Suite struct ProbeTests {
  @Test func `every node is pinged once before any is pinged twice`() {
    var node = Node(knowing: ["beta", "gamma", "delta"])
    // The ring is shuffled at its end, so look at whole rounds.
    node.pass(.seconds(1), reply: acknowledge)
    var pinged: [MemberAddress] = []
    for (message, endpoint) in node.pass(.seconds(30), reply: acknowledge).messages {
      if case .ping = message { pinged.append(endpoint) }
    }
    #expect(pinged.count == 30)
    for endpoint in [beta, gamma, MemberAddress.node(4)] {
      let rounds = pinged.indices.filter { pinged[$0] == endpoint }
      #expect(zip(rounds, rounds.dropFirst()).allSatisfy { $1 - $0 <= 5 })
      #expect((9...11).contains(rounds.count))
    }
  }

  @Test func `a node that does not answer is asked about through others and over a stream, then suspected`() {
    var node = Node(knowing: ["beta", "gamma", "delta"])
    for name in ["gamma", "delta"] { node.hear(.dead(Node.accusation(name, from: name))) }
    // Only beta is left to probe; gamma and delta come back to be asked.
    var started: [Message] = []
    while !started.contains(where: { if case .ping(let ping) = $0 { ping.node == "beta" } else { false } }) {
      started = node.pass(.milliseconds(1)).messages(to: beta)
    }
    for name in ["gamma", "delta"] { node.hear(.alive(Node.claim(name, incarnation: 2))) }
    let asked = node.pass(.milliseconds(500))
    for helper in [gamma, MemberAddress.node(4)] {
      #expect(
        asked.messages(to: helper).contains {
          if case .indirectPing(let request) = $0 { request.node == "beta" && request.wantsNack } else { false }
        })
    }
    #expect(
      asked.contains {
        if case .exchange(_, .ping, with: beta, within: let limit) = $0 { limit <= .milliseconds(500) } else { false }
      })
    #expect(node.pass(.milliseconds(500)).changes == [.suspected("beta", by: "alpha")])
  }

  @Test func `an answer over the stream alone is enough, and told of once until datagrams are answered`() {
    var node = Node(knowing: ["beta"])
    func pass(_ duration: Duration, reply: (Message, MemberAddress) -> Message?) -> [Membership.Change] {
      var changes: [Membership.Change] = []
      for _ in 0..<Int(duration / .milliseconds(50)) {
        let actions = node.pass(.milliseconds(50), reply: reply)
        changes += actions.changes
        for case .exchange(let exchange, .ping(let ping), with: _, within: _) in actions {
          changes += node.handle(.answered(exchange, .ack(Ack(sequence: ping.sequence)))).changes
        }
      }
      return changes
    }
    #expect(pass(.seconds(10)) { _, _ in nil } == [.mute("beta")])
    #expect(pass(.seconds(3), reply: acknowledge) == [])
    #expect(node.membership.mutes == [])
  }

  @Test func `an answer through another node is enough`() {
    var node = Node(knowing: ["beta", "gamma"])
    let changes = node.pass(.seconds(20)) { message, endpoint in
      switch message {
      case .ping(let ping): endpoint == gamma ? .ack(Ack(sequence: ping.sequence)) : nil
      case .indirectPing(let request): .ack(Ack(sequence: request.sequence))
      default: nil
      }
    }.changes
    #expect(changes == [])
  }

  @Test func `hearing nothing from anybody makes a node more patient, answers make it less so`() {
    var node = Node(knowing: ["beta", "gamma", "delta"])
    node.pass(.seconds(3))
    #expect(node.membership.healthScore >= 2)
    let doubtful = node.membership.healthScore
    for name in ["beta", "gamma", "delta"] { node.hear(.alive(Node.claim(name, incarnation: 5))) }
    node.pass(.seconds(8), reply: acknowledge)
    #expect(node.membership.healthScore < doubtful)
  }

  @Test func `a nack says that it is not us who hear badly`() {
    var node = Node(knowing: ["beta", "gamma"])
    node.pass(.seconds(10)) { message, endpoint in
      switch message {
      case .ping(let ping): endpoint == gamma ? .ack(Ack(sequence: ping.sequence)) : nil
      case .indirectPing(let request): .nack(sequence: request.sequence)
      default: nil
      }
    }
    #expect(node.membership.member("beta")?.liveness == .dead)
    #expect(node.membership.healthScore == 0)
  }

  // MARK: - For others

  @Test func `a ping is answered, to where it says, if it is for this node`() {
    var node = Node(knowing: ["beta", "gamma"])
    node.pass(.seconds(10), reply: acknowledge)
    let plain = node.hear(.ping(Ping(sequence: 3, node: "alpha")), from: beta)
    #expect(plain.messages(to: beta) == [.ack(Ack(sequence: 3))])
    let elsewhere = Ping(sequence: 4, node: "", source: Source(node: "gamma", endpoint: gamma))
    #expect(node.hear(.ping(elsewhere), from: beta).messages(to: gamma) == [.ack(Ack(sequence: 4))])
    #expect(node.hear(.ping(Ping(sequence: 5, node: "beta")), from: beta).messages.isEmpty)
  }

  @Test func `a ping for another node is passed on, and so is its answer`() throws {
    var node = Node(knowing: ["beta", "gamma"])
    node.pass(.seconds(10), reply: acknowledge)
    let request = IndirectPing(
      sequence: 77, target: gamma, node: "gamma", wantsNack: true, source: Source(node: "beta", endpoint: beta))
    let passedOn = node.hear(.indirectPing(request), from: beta)
    guard case .ping(let ping)? = passedOn.messages(to: gamma).first else {
      Issue.record("gamma was not pinged: \(passedOn)")
      return
    }
    let answered = node.hear(.ack(Ack(sequence: ping.sequence)), from: gamma)
    #expect(answered.messages(to: beta) == [.ack(Ack(sequence: 77))])
    #expect(!node.pass(.milliseconds(600), reply: acknowledge).messages(to: beta).contains(.nack(sequence: 77)))

    node.hear(.indirectPing(request), from: beta)
    let silent = node.pass(.milliseconds(510), reply: acknowledge(except: gamma))
    #expect(silent.messages(to: beta).contains(.nack(sequence: 77)))
  }
}
