import Gossip
import Primitives
import TestKit
import Testing

/// What is said of nodes, and whether it holds (memberlist v0.5.1, state.go).
@Suite struct ClaimTests {
  @Test func `a node that says it is there is a member, and others are told`() {
    var node = Node()
    #expect(node.hear(.alive(Node.claim("beta"))).changes == [.joined("beta")])
    #expect(node.membership.candidates == ["alpha", "beta"])
    let told = node.pass(.milliseconds(400)).messages(to: beta)
    #expect(told.contains(.alive(Node.claim("beta"))))
  }

  @Test func `a node whose name is too long for any datagram is none`() {
    var node = Node(knowing: ["beta"])
    let name = String(repeating: "x", count: 70_000)
    let state = NodeState(node: name, endpoint: gamma, incarnation: 1, liveness: .alive)
    #expect(node.handle(.requested(.pushPull(PushPull(isJoin: true, states: [state])), on: 1)).changes == [])
    #expect(node.membership.known.map(\.name).sorted() == ["alpha", "beta"])
    // Were it a member, it would be accused and called by its name.
    #expect(node.pass(.seconds(60), reply: acknowledge(except: gamma)).messages(to: gamma) == [])
  }

  @Test func `news that are no newer change nothing`() {
    var node = Node(knowing: ["beta"])
    #expect(node.hear(.alive(Node.claim("beta", meta: NodeMeta(isPassive: true)))).changes == [])
    #expect(
      node.hear(.alive(Node.claim("beta", incarnation: 2, meta: NodeMeta(isPassive: true)))).changes == [
        .updated("beta")
      ])
    #expect(node.membership.candidates == ["alpha"])
    #expect(node.hear(.suspect(Node.accusation("beta", incarnation: 1, from: "gamma"))).changes == [])
    #expect(node.hear(.dead(Node.accusation("beta", incarnation: 1, from: "gamma"))).changes == [])
  }

  @Test func `a suspect is a member until it is dead, and alive again when it says so more loudly`() {
    var node = Node(knowing: ["beta", "gamma"])
    #expect(node.hear(.suspect(Node.accusation("beta", from: "gamma"))).changes == [.suspected("beta", by: "gamma")])
    #expect(node.membership.member("beta")?.liveness == .suspect)
    #expect(node.membership.candidates == ["alpha", "beta", "gamma"])
    #expect(node.hear(.alive(Node.claim("beta", incarnation: 1))).changes == [])
    #expect(node.hear(.alive(Node.claim("beta", incarnation: 2))).changes == [.refuted("beta")])
    #expect(node.membership.member("beta")?.liveness == .alive)
    #expect(node.pass(.seconds(30), reply: acknowledge).changes == [])
  }

  @Test func `a suspect that stays silent is dead after four probe intervals where nobody can confirm`() {
    var node = Node(knowing: ["beta", "gamma"])
    node.hear(.suspect(Node.accusation("beta", from: "gamma")))
    #expect(node.pass(.milliseconds(3990), reply: acknowledge).changes == [])
    #expect(node.pass(.milliseconds(20), reply: acknowledge).changes == [.failed("beta")])
    #expect(node.membership.candidates == ["alpha", "gamma"])
  }

  @Test func `in a larger group it takes up to six times as long, and each confirmation shortens that`() {
    let names = ["beta", "gamma", "delta", "epsilon"]
    var node = Node(knowing: names)
    node.hear(.suspect(Node.accusation("beta", from: "gamma")))
    #expect(node.pass(.milliseconds(23_900), reply: acknowledge).changes == [])
    #expect(node.pass(.milliseconds(200), reply: acknowledge).changes == [.failed("beta")])

    var confirmed = Node(knowing: names)
    confirmed.hear(.suspect(Node.accusation("beta", from: "gamma")))
    confirmed.hear(.suspect(Node.accusation("beta", from: "gamma")))
    confirmed.hear(.suspect(Node.accusation("beta", from: "delta")))
    // 24 s - ln 2 / ln 3 of the 20 s between the longest and the shortest.
    #expect(confirmed.pass(.milliseconds(11_300), reply: acknowledge).changes == [])
    #expect(confirmed.pass(.milliseconds(200), reply: acknowledge).changes == [.failed("beta")])

    var sure = Node(knowing: names)
    for accuser in ["gamma", "delta", "epsilon"] { sure.hear(.suspect(Node.accusation("beta", from: accuser))) }
    #expect(sure.pass(.milliseconds(3990), reply: acknowledge).changes == [])
    #expect(sure.pass(.milliseconds(20), reply: acknowledge).changes == [.failed("beta")])
  }

  @Test func `who says of itself that it is dead has left, and is told nothing more`() {
    var node = Node(knowing: ["beta", "gamma"])
    node.pass(.seconds(20), reply: acknowledge)
    #expect(node.hear(.dead(Node.accusation("beta", from: "beta"))).changes == [.left("beta")])
    #expect(node.membership.member("beta")?.liveness == .left)
    let sent = node.pass(.seconds(10), reply: acknowledge)
    #expect(sent.messages(to: beta).isEmpty)
    #expect(sent.messages(to: gamma).contains(.dead(Node.accusation("beta", from: "beta"))))
  }

  @Test func `a node that is accused contradicts with a higher incarnation`() {
    var node = Node(knowing: ["beta"])
    #expect(node.hear(.suspect(Node.accusation("alpha", incarnation: 7))).changes == [.accused(by: "beta")])
    #expect(node.membership.own.incarnation == 8)
    #expect(node.membership.own.liveness == .alive)
    let told = node.pass(.milliseconds(400)).messages(to: beta)
    #expect(told.contains(.alive(Node.claim("alpha", incarnation: 8))))
    #expect(node.hear(.dead(Node.accusation("alpha", incarnation: 8))).changes == [.accused(by: "beta")])
    #expect(node.membership.own.incarnation == 9)
    #expect(node.hear(.dead(Node.accusation("alpha", incarnation: 3))).changes == [])
    #expect(node.membership.own.incarnation == 9)
  }

  @Test func `an accusation of the highest incarnation there is crashes nothing`() {
    var node = Node(knowing: ["beta"])
    node.hear(.suspect(Node.accusation("alpha", incarnation: .max)))
    node.hear(.dead(Node.accusation("alpha", incarnation: .max)))
    node.handle(.describe([1]))
    #expect(node.membership.own.incarnation == .max)
    #expect(node.membership.own.liveness == .alive)
  }

  @Test func `a restarted node goes beyond what others remember of it`() {
    var node = Node(knowing: ["beta"])
    var old = Node.claim("alpha", incarnation: 40)
    #expect(node.hear(.alive(old)).changes == [])
    #expect(node.membership.own.incarnation == 41)
    // The very same is no news.
    old = node.membership.own.claimed
    node.hear(.alive(old))
    #expect(node.membership.own.incarnation == 41)
  }

  @Test func `two nodes of one name are told apart by their place`() {
    var node = Node(knowing: ["beta"])
    var elsewhere = Node.claim("beta", incarnation: 9)
    elsewhere.endpoint = gamma
    #expect(node.hear(.alive(elsewhere)).changes == [.conflict("beta", at: gamma)])
    #expect(node.membership.member("beta")?.endpoint == beta)
    node.hear(.dead(Node.accusation("beta", from: "beta")))
    #expect(node.hear(.alive(elsewhere)).changes == [.joined("beta")])
    #expect(node.membership.member("beta")?.endpoint == gamma)
  }

  @Test func `claims without sensible protocol versions are passed over`() {
    var node = Node()
    var claim = Node.claim("beta")
    claim.versions = nil
    node.hear(.alive(claim))
    claim.versions = ProtocolVersions(minimum: 0, maximum: 5, current: 2)
    node.hear(.alive(claim))
    #expect(node.membership.known.map(\.name) == ["alpha"])
  }

  @Test func `a node that is long gone is forgotten, one that is just gone is not`() {
    var node = Node(knowing: ["beta", "gamma"])
    node.hear(.dead(Node.accusation("beta", from: "gamma")))
    node.pass(.seconds(25), reply: acknowledge)
    #expect(node.membership.member("beta")?.liveness == .dead)
    node.pass(.seconds(10), reply: acknowledge)
    #expect(node.membership.member("beta") == nil)
  }
}

extension Member {
  /// The claim that this member would make of itself.
  var claimed: Alive {
    Alive(
      incarnation: self.incarnation, node: self.name, endpoint: self.endpoint, meta: self.meta, versions: self.versions)
  }
}
