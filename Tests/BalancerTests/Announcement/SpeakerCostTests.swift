import KubernetesModel
import Primitives
import TestKit
import Testing

@testable import Balancer

/// What an event costs in a large cluster, counted in verdicts reached.
@Suite struct SpeakerCostTests {
  private static let serviceCount = 10_000
  private static let nodeCount = 200

  private static func key(_ number: Int) -> ObjectKey { ObjectKey(namespace: "default", name: "s\(number)") }

  private static func service(_ number: Int, labels: [String: String] = [:]) -> ExposedService {
    let address = IPAddress.v4(IPv4Address(bits: 0x0A00_0000 + UInt32(number)))
    return ExposedService(key: self.key(number), labels: labels, ingress: .addresses([address]))
  }

  private static func endpoints(_ number: Int, nodes: [String]) -> EndpointsView {
    EndpointsView(
      key: ObjectKey(namespace: "default", name: "s\(number)-1"), service: self.key(number), isUsable: !nodes.isEmpty,
      nodes: nodes)
  }

  /// A speaker on n0 that has seen everything.
  private static let settled: SpeakerState = {
    var state = SpeakerState(settings: SpeakerState.Settings(node: "n0"))
    func feed(_ event: SpeakerState.Event) { _ = state.handle(event, at: t0) }
    for number in 0..<Self.nodeCount { feed(.nodes(.applied(NodeView(name: "n\(number)")))) }
    for number in 0..<Self.serviceCount {
      feed(.services(.applied(Self.service(number))))
      feed(.endpoints(.applied(Self.endpoints(number, nodes: ["n1"]))))
    }
    feed(.pools(.applied(AnnouncementStory.pool("low", ["10.0.0.0/20"]))))
    feed(.pools(.applied(AnnouncementStory.pool("high", ["10.0.16.0-10.0.255.255"]))))
    feed(.l2Advertisements(.applied(L2Advertisement(metadata: ObjectMeta(name: "all", namespace: "metallb-system")))))
    feed(.interfaces([.ipv4: ["eth0"]]))
    feed(.services(.synced))
    feed(.endpoints(.synced))
    feed(.nodes(.synced))
    feed(.pools(.synced))
    feed(.l2Advertisements(.synced))
    return state
  }()

  /// How many verdicts an event causes, and the state after it.
  private func cost(of event: SpeakerState.Event, in state: SpeakerState = Self.settled) -> (Int, SpeakerState) {
    var state = state
    let before = state.decisions
    _ = state.handle(event, at: t0)
    return (state.decisions - before, state)
  }

  private var owned: Int { Self.settled.announcements.count }

  @Test func `each Service is decided once at the start, and this node gets its share`() {
    #expect(Self.settled.decisions == Self.serviceCount)
    #expect((20...90).contains(self.owned), "\(self.owned) of \(Self.serviceCount) on one of \(Self.nodeCount) nodes")
  }

  @Test func `every Service that is not ours hangs on one other node, and they share evenly`() {
    let shares = (1..<Self.nodeCount).map { Self.settled.services.services(rivalledBy: "n\($0)").count }
    #expect(shares.reduce(0, +) == Self.serviceCount - self.owned)
    #expect((shares.max() ?? 0) < 400, "an even share is \(Self.serviceCount / Self.nodeCount)")
  }

  @Test func `what leaves a view equal costs nothing`() {
    #expect(self.cost(of: .nodes(.applied(NodeView(name: "n7")))).0 == 0)
    #expect(self.cost(of: .services(.applied(Self.service(7)))).0 == 0)
    #expect(self.cost(of: .endpoints(.applied(Self.endpoints(7, nodes: ["n1"])))).0 == 0)
    #expect(self.cost(of: .interfaces([.ipv4: ["eth0"]])).0 == 0)
    #expect(self.cost(of: .tick).0 == 0)
  }

  @Test func `a label that no advertisement asks for costs nothing`() {
    #expect(self.cost(of: .nodes(.applied(NodeView(name: "n7", labels: ["mood": "good"])))).0 == 0)
    #expect(self.cost(of: .nodes(.applied(NodeView(name: "n0", labels: ["mood": "good"])))).0 == 0)
  }

  @Test func `a change of one Service or its endpoints concerns it alone`() {
    #expect(self.cost(of: .services(.applied(Self.service(7, labels: ["a": "b"])))).0 == 1)
    #expect(self.cost(of: .endpoints(.applied(Self.endpoints(7, nodes: [])))).0 == 1)
    #expect(self.cost(of: .endpoints(.applied(Self.endpoints(7, nodes: ["n1", "n2"])))).0 == 1)
    #expect(self.cost(of: .services(.deleted(Self.key(7)))).0 == 0)
  }

  @Test func `the loss of a node concerns its share, and its return what it takes back`() {
    var state = Self.settled
    func cost(of event: SpeakerState.Event) -> (verdicts: Int, actions: [SpeakerState.Action]) {
      let before = state.decisions
      let actions = state.handle(event, at: t0)
      return (state.decisions - before, actions)
    }
    for number in 1..<Self.nodeCount {
      let share = state.services.services(rivalledBy: "n\(number)").count
      let lost = cost(of: .nodes(.applied(NodeView(name: "n\(number)", readiness: .notReady))))
      let back = cost(of: .nodes(.applied(NodeView(name: "n\(number)"))))
      let (claimed, released) = (lost.actions.claimCount, back.actions.releaseCount)
      #expect(claimed == released)
      #expect(back.verdicts == released)
      #expect(lost.verdicts == share)
    }
    #expect(state.announcements == Self.settled.announcements)
  }

  @Test
  func `many nodes that come back at once take what they take one after the other, and each Service is decided once`() {
    let names = (0..<40).map { "n\($0)" }
    func members(_ count: Int) -> SpeakerState.Event { .members(LiveMembers(Set(names.prefix(count)))) }
    var story = AnnouncementStory(node: "n0", gossips: true)
    story.play("pool main 10.0.0.0/16\nad all\ninterfaces eth0")
    for name in names { story.play("node \(name)") }
    for number in 0..<500 {
      story.play("endpoints default/s\(number) n1\nservice default/s\(number) 10.0.\(number / 250).\(number % 250)")
    }
    story.play("synced\nmembers n0")
    var (alone, one) = (story.state, story.state)
    #expect(alone.announcements.count == 500)
    let before = alone.decisions
    _ = alone.handle(members(40), at: t0)
    #expect(alone.decisions - before <= 500)
    for count in 2...40 { _ = one.handle(members(count), at: t0) }
    #expect((1..<40).contains(alone.announcements.count))
    #expect(alone.announcements == one.announcements)
  }

  @Test func `a pool or an advertisement for it concerns the Services of that pool`() {
    let inLow = 4096
    let labelled = AnnouncementStory.pool("low", ["10.0.0.0/20", "tier=gold"])
    #expect(self.cost(of: .pools(.applied(labelled))).0 == inLow)
    let object = L2Advertisement(
      metadata: ObjectMeta(name: "low", namespace: "metallb-system"), spec: .init(ipAddressPools: ["low"]))
    let (added, after) = self.cost(of: .l2Advertisements(.applied(object)))
    #expect(added == inLow)
    #expect(self.cost(of: .l2Advertisements(.applied(object)), in: after).0 == 0)
    #expect(self.cost(of: .pools(.applied(AnnouncementStory.pool("far", ["172.16.0.0/12"])))).0 == 0)
  }

  @Test func `interfaces concern only what is restricted to some`() {
    #expect(self.cost(of: .interfaces([.ipv4: ["eth0", "eth1"]])).0 == 0)
    let object = L2Advertisement(
      metadata: ObjectMeta(name: "all", namespace: "metallb-system"), spec: .init(interfaces: ["eth0"]))
    let (_, after) = self.cost(of: .l2Advertisements(.applied(object)))
    #expect(self.cost(of: .interfaces([.ipv4: ["eth1"]]), in: after).0 == self.owned)
  }
}

extension [SpeakerState.Action] {
  fileprivate var claimCount: Int { self.count { if case .claim = $0 { true } else { false } } }
  fileprivate var releaseCount: Int { self.count { if case .release = $0 { true } else { false } } }
}
