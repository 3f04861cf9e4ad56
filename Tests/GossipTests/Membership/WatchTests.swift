import Gossip
import Primitives
import TestKit
import Testing

/// The fast detector.
@Suite struct WatchTests {
  /// What answers, apart from `silent`: pings, and pings for others unless they are for `silent`.
  private func reply(except silent: MemberAddress) -> (Message, MemberAddress) -> Message? {
    { message, endpoint in
      switch message {
      case .ping(let ping): endpoint == silent ? nil : .ack(Ack(sequence: ping.sequence))
      case .indirectPing(let request):
        endpoint == silent || request.target == silent ? nil : .ack(Ack(sequence: request.sequence))
      default: nil
      }
    }
  }

  private func settled(_ others: [String]) -> Node {
    var node = Node(knowing: others)
    node.pass(.seconds(5), reply: acknowledge)
    return node
  }

  @Test func `a watched node that falls silent is no candidate after half a second, and suspect to the group`() {
    var node = self.settled(["beta", "gamma", "delta"])
    node.handle(.watch(["beta"]))
    #expect(node.pass(.seconds(10), reply: acknowledge).changes == [])
    let silence = self.reply(except: beta)
    #expect(node.pass(.milliseconds(400), reply: silence).changes == [])
    #expect(node.membership.candidates.contains("beta"))
    #expect(node.pass(.milliseconds(210), reply: silence).changes == [.lost("beta"), .suspected("beta", by: "alpha")])
    #expect(node.membership.candidates == ["alpha", "gamma", "delta"])
  }

  @Test func `what the detector sees is told: how long an answer took, since when one is owed`() {
    var node = self.settled(["beta", "gamma", "delta"])
    node.handle(.watch(["beta"]))
    node.pass(.seconds(1), reply: acknowledge)
    var reading = node.membership.watchReadings.first
    #expect(reading?.name == "beta" && reading?.isLost == false && reading?.missedPings == 0)
    #expect(reading?.roundTrip == .zero && reading?.silentSince == nil, "this network delivers at once")
    let lastHeard = reading?.heardAt
    #expect(lastHeard != nil)
    node.pass(.milliseconds(700), reply: self.reply(except: beta))
    reading = node.membership.watchReadings.first
    #expect(reading?.isLost == true && reading?.heardAt == lastHeard)
    #expect(
      node.membership.silence(of: "beta") == lastHeard.map { $0 + .milliseconds(100) }, "the first ping after that")
    node.pass(.milliseconds(200), reply: acknowledge)
    #expect(node.membership.silence(of: "beta") == nil && node.membership.silence(of: "gamma") == nil)
  }

  @Test func `three hundred milliseconds are enough where that is asked for`() {
    var node = Node(knowing: ["beta", "gamma"], watchSettings: WatchSettings(interval: .milliseconds(50)))
    node.handle(.watch(["beta"]))
    node.pass(.seconds(5), reply: acknowledge)
    #expect(node.pass(.milliseconds(301), reply: self.reply(except: beta)).changes.first == .lost("beta"))
  }

  @Test func `a node that others can hear is not lost`() {
    var node = self.settled(["beta", "gamma", "delta"])
    node.handle(.watch(["beta"]))
    let changes = node.pass(.seconds(20)) { message, endpoint in
      switch message {
      case .ping(let ping): endpoint == beta ? nil : .ack(Ack(sequence: ping.sequence))
      case .indirectPing(let request): .ack(Ack(sequence: request.sequence))
      default: nil
      }
    }.changes
    #expect(changes == [])
  }

  @Test func `where those who are asked do not answer for themselves either, more pings have to stay unanswered`() {
    func lost(after time: Duration, silent: [MemberAddress]) -> Bool {
      var node = self.settled(["beta", "gamma", "delta", "epsilon"])
      node.handle(.watch(["beta"]))
      node.pass(.seconds(5), reply: acknowledge)
      let changes = node.pass(time) { message, endpoint in
        guard case .ping(let ping) = message, !silent.contains(endpoint) else { return nil }
        return .ack(Ack(sequence: ping.sequence))
      }.changes
      return changes.contains(.lost("beta"))
    }
    let (delta, epsilon) = (Node.endpoint(of: "delta"), Node.endpoint(of: "epsilon"))
    #expect(lost(after: .milliseconds(700), silent: [beta]))
    #expect(!lost(after: .milliseconds(700), silent: [beta, delta, epsilon]))
    #expect(lost(after: .seconds(4), silent: [beta, delta, epsilon]))
  }

  @Test func `a node that hears nobody does not conclude that others are lost`() {
    var node = self.settled(["beta", "gamma", "delta"])
    node.handle(.watch(["beta"]))
    node.pass(.seconds(2), reply: acknowledge)
    let changes = node.pass(.milliseconds(1800)).changes
    #expect(!changes.contains(.lost("beta")))
  }

  @Test func `of two nodes each concludes for itself`() {
    var node = self.settled(["beta"])
    node.handle(.watch(["beta"]))
    node.pass(.seconds(2), reply: acknowledge)
    #expect(node.pass(.milliseconds(610)).changes.first == .lost("beta"))
  }

  @Test func `of two nodes between which only streams get through, none is lost`() {
    var node = self.settled(["beta"])
    node.handle(.watch(["beta"]))
    node.pass(.seconds(2), reply: acknowledge)
    var (changes, pings) = ([Membership.Change](), 0)
    for _ in 0..<1000 {
      let actions = node.pass(.milliseconds(10))
      changes += actions.changes
      for case .exchange(let exchange, .ping(let ping), with: beta, within: _) in actions {
        pings += 1
        changes += node.handle(.answered(exchange, .ack(Ack(sequence: ping.sequence)))).changes
      }
    }
    #expect(changes == [.mute("beta")])
    // One for each time that three pings stay unanswered, beside those of the probes.
    #expect((20...45).contains(pings), "\(pings)")
  }

  @Test func `a stream that is not answered, or too late, saves nobody`() {
    var node = self.settled(["beta"])
    node.handle(.watch(["beta"]))
    node.pass(.seconds(2), reply: acknowledge)
    let actions = node.pass(.milliseconds(610))
    #expect(actions.changes.first == .lost("beta"))
    for case .exchange(let exchange, .ping(let ping), with: beta, within: _) in actions {
      #expect(node.handle(.answered(exchange, .ack(Ack(sequence: ping.sequence)))).changes == [])
    }
    #expect(!node.membership.candidates.contains("beta"))
  }

  @Test func `a lost node is back when it contradicts, and not before`() {
    var node = self.settled(["beta", "gamma"])
    node.handle(.watch(["beta"]))
    node.pass(.seconds(2), reply: acknowledge)
    node.pass(.milliseconds(700), reply: self.reply(except: beta))
    #expect(!node.membership.candidates.contains("beta"))
    // It answers again, but what it is now is not known yet. It is told what it has to contradict, before it is asked.
    let told = node.pass(.milliseconds(150), reply: acknowledge)
    #expect(told.changes == [])
    #expect(told.messages(to: beta).first == .suspect(Node.accusation("beta", from: "alpha")))
    #expect(!node.membership.candidates.contains("beta"))
    #expect(node.hear(.alive(Node.claim("beta", incarnation: 2))).changes == [.recovered("beta"), .refuted("beta")])
    #expect(node.membership.candidates.contains("beta"))
  }

  @Test func `a lost node that comes back unready is no candidate until it is`() {
    var node = self.settled(["beta", "gamma"])
    node.handle(.watch(["beta"]))
    node.pass(.seconds(2), reply: acknowledge)
    node.pass(.milliseconds(700), reply: self.reply(except: beta))
    node.hear(.alive(Node.claim("beta", incarnation: 2, meta: NodeMeta(isPassive: true))))
    #expect(!node.membership.candidates.contains("beta"))
    #expect(node.hear(.alive(Node.claim("beta", incarnation: 3))).changes == [.updated("beta")])
    #expect(node.membership.candidates.contains("beta"))
  }

  @Test func `a lost node stays lost when nobody wants it watched any more, until it contradicts or is dead`() {
    var node = self.settled(["beta", "gamma"])
    node.handle(.watch(["beta"]))
    node.pass(.seconds(2), reply: acknowledge)
    node.pass(.milliseconds(700), reply: self.reply(except: beta))
    // This node owns what beta did: there is nobody left to watch.
    node.handle(.watch([]))
    #expect(!node.membership.candidates.contains("beta"))
    var returned = node
    returned.hear(.alive(Node.claim("beta", incarnation: 2)))
    #expect(returned.membership.candidates.contains("beta"))
    #expect(node.pass(.seconds(10), reply: self.reply(except: beta)).changes == [.failed("beta")])
    node.hear(.alive(Node.claim("beta", incarnation: 2)))
    #expect(node.membership.candidates.contains("beta"))
  }

  @Test func `after a pause of this process the answers come first`() {
    var node = self.settled(["beta", "gamma"])
    node.handle(.watch(["beta"]))
    node.pass(.seconds(2), reply: acknowledge)
    node.now += .seconds(5)
    #expect(!node.handle(.tick).changes.contains(.lost("beta")))
    #expect(node.pass(.seconds(5), reply: acknowledge).changes.filter { $0 == .lost("beta") } == [])
  }

  @Test func `upstream's speakers are not watched`() {
    var node = Node()
    var claim = Node.claim("beta")
    claim.meta = []
    node.hear(.alive(claim))
    node.handle(.watch(["beta"]))
    let pings = node.pass(.seconds(10), reply: acknowledge).messages(to: beta).filter { message in
      if case .ping = message { true } else { false }
    }
    #expect((9...11).contains(pings.count), "a ping a second, as the protocol has it")
  }

  @Test func `what is no longer watched is no longer pinged`() {
    var node = self.settled(["beta", "gamma"])
    node.handle(.watch(["beta"]))
    node.pass(.seconds(2), reply: acknowledge)
    node.handle(.watch([]))
    #expect(node.pass(.seconds(10), reply: acknowledge).messages.count < 30)
  }

  @Test func `metadata tell what is ours, and nothing else does`() {
    #expect(
      NodeMeta(NodeMeta(isWatchable: true, isPassive: true).bytes) == NodeMeta(isWatchable: true, isPassive: true))
    let telling = NodeMeta(
      electsByFacts: true, interfaces: [.ipv4: ["eth0", "eth1"], .ipv6: ["eth1", "bond0.7"]])
    #expect(
      String(decoding: telling.bytes, as: UTF8.self)
        == "metallb-swift watchable elects-by-facts interfaces=bond0.7/6,eth0/4,eth1/46")
    #expect(NodeMeta(telling.bytes) == telling)
    var known = telling
    known.hardware = [MACAddress(bits: 0x0200_0000_000A), MACAddress(bits: 0x9A)]
    #expect(known.bytes == telling.bytes + Array(" hardware=00:00:00:00:00:9a,02:00:00:00:00:0a".utf8))
    #expect(NodeMeta(known.bytes) == known)
    known.hardware = Set((0..<64).map { MACAddress(bits: $0) })
    #expect(NodeMeta(known.bytes) == telling, "interfaces count for the election, hardware addresses do not")
    #expect(NodeMeta(Array("metallb-swift hardware=1,zz:00:00:00:00:01,02:00:00:00:00:0a:0b,".utf8)).hardware == [])
    let bare = NodeMeta(electsByFacts: true, interfaces: [.ipv4: [], .ipv6: []])
    #expect(NodeMeta(bare.bytes) == bare)
    let many = NodeMeta(electsByFacts: true, interfaces: [.ipv4: Set((0..<100).map { "interface\($0)" })])
    #expect(NodeMeta(many.bytes) == NodeMeta(electsByFacts: true), "memberlist carries 512 bytes")
    #expect(NodeMeta(Array("metallb-swift watchable and-more".utf8)) == NodeMeta(isWatchable: true))
    for foreign in ["", "watchable", "role=watchable passive", "\u{FF}\u{81}"] {
      #expect(NodeMeta(Array(foreign.utf8)) == NodeMeta(isWatchable: false, isPassive: false))
    }
  }
}
