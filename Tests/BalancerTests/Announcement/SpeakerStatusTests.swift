import KubernetesModel
import Primitives
import TestKit
import Testing

@testable import Balancer

/// What a speaker tells of its decisions.
@Suite struct SpeakerStatusTests {
  private static let nodes = ["w1", "w2", "w3"]
  private static let web = ObjectKey(namespace: "default", name: "web")

  /// The nodes in the order of the election for 192.0.2.1.
  private func order() throws -> [String] {
    let address = try #require(IPAddress("192.0.2.1"))
    return Self.nodes.sorted { Layer2Election.Rank(of: $0, for: address) < Layer2Election.Rank(of: $1, for: address) }
  }

  /// The speaker of a node, all of which are alive.
  private func story(of node: String) -> AnnouncementStory {
    var story = AnnouncementStory(node: node, gossips: true)
    story.play(
      """
      pool main 192.0.2.0/24
      ad all interfaces=eth0
      \(Self.nodes.map { "node \($0)" }.joined(separator: "\n"))
      interfaces eth0
      service default/web 192.0.2.1
      endpoints default/web w1
      synced
      members \(Self.nodes.joined(separator: ","))
      """)
    return story
  }

  @Test func `the owner tells its announcement, for how long, and who would come after it`() throws {
    let order = try self.order()
    let owner = self.story(of: order[0])
    #expect(
      owner.state.layer2Status(at: t0 + .milliseconds(2500)).announcements == [
        .init(
          service: "default/web", addresses: ["192.0.2.1"], interfaces: ["eth0"], seconds: 2.5, candidates: order)
      ])
    let next = self.story(of: order[1]).state.layer2Status(at: t0)
    #expect(next.announcements == [] && next.successions == [.init(service: "default/web", owner: order[0])])
    let last = self.story(of: order[2]).state.layer2Status(at: t0)
    #expect(last == Layer2Status())
  }

  @Test func `a question about one Service is answered with that one`() throws {
    var owner = self.story(of: try self.order()[0])
    owner.play(
      "service default/other 192.0.2.1 shared\nendpoints default/other w1\nservice default/web 192.0.2.1 shared")
    #expect(owner.state.layer2Status(at: t0).announcements.count == 2)
    #expect(owner.state.layer2Status(of: Self.web, at: t0).announcements.map(\.service) == ["default/web"])
    #expect(owner.state.layer2Status(of: ObjectKey(namespace: "a", name: "b"), at: t0).announcements == [])
  }

  @Test func `what a member leaves behind by its end is taken over, what it hands on by others' coming is not`() throws
  {
    let order = try self.order()
    var next = self.story(of: order[1])
    next.play("wait 3\nmembers \(order[1]),\(order[2])")
    let status = next.state.layer2Status(at: t0 + .seconds(5))
    #expect(status.takeovers == 1)
    #expect(status.lastTakeover == .init(from: [order[0]], services: 1, secondsAgo: 2))
    #expect(status.announcements.map(\.seconds) == [2])
    let takeover = try #require(next.state.lastTakeover)
    #expect(
      next.state.notes(of: takeover, after: .milliseconds(512)).map(\.message)
        == ["node \"\(order[1])\" took over from node \"\(order[0])\" after 512 ms"])
    #expect(
      next.state.notes(of: takeover, after: nil).map(\.message)
        == ["node \"\(order[1])\" took over from node \"\(order[0])\""])

    // The owner is back and gone again: two takeovers. Its node being labelled is none.
    next.play("members \(order.joined(separator: ","))\nmembers \(order[1]),\(order[2])")
    #expect(next.state.takenOver == 2)
    var planned = self.story(of: order[1])
    planned.play("node \(order[0]) node.kubernetes.io/exclude-from-external-load-balancers=true")
    #expect(planned.state.announcements.count == 1 && planned.state.takenOver == 0)
  }

  @Test func `an announcement that changes goes on, one that ended and began anew is new`() throws {
    var owner = self.story(of: try self.order()[0])
    owner.play("wait 10\nad all")
    #expect(owner.state.layer2Status(at: t0 + .seconds(10)).announcements.first?.seconds == 10)
    owner.play("no endpoints default/web\nwait 10\nendpoints default/web w1")
    #expect(owner.state.layer2Status(at: t0 + .seconds(25)).announcements.first?.seconds == 5)
  }

  @Test func `addresses that are looked for, or in use by a stranger, are told`() {
    var story = AnnouncementStory(probes: true)
    story.play(
      """
      pool main 192.0.2.0/24
      ad all
      node w1
      interfaces eth0
      synced
      service default/web 192.0.2.1
      endpoints default/web w1
      """)
    #expect(story.state.layer2Status(at: t0).probing == ["192.0.2.1"])
    story.play("occupied 192.0.2.1 02:00:00:00:00:09 198.51.100.9")
    let status = story.state.layer2Status(at: t0)
    #expect(
      status.occupied == [
        .init(address: "192.0.2.1", hardware: "02:00:00:00:00:09", interface: "eth0", knownAs: ["198.51.100.9"])
      ])
    #expect(status.probing == [] && status.announcements == [])
  }

  @Test func `what routers are told of is told with the routers`() {
    var story = AnnouncementStory()
    story.play(
      """
      pool main 192.0.2.0/24
      bgpad all
      peer rack-a 198.51.100.1
      peer rack-b 198.51.100.2
      node w1
      interfaces eth0
      service default/web 192.0.2.1
      endpoints default/web w1
      synced
      wait 4
      """)
    #expect(
      story.state.reading().bgpAnnouncements(at: t0 + .seconds(6)) == [
        .init(service: "default/web", addresses: ["192.0.2.1"], peers: ["rack-a", "rack-b"], seconds: 6)
      ])
  }
}

extension SpeakerState {
  /// As the speaker puts it together: the candidates are asked for a few Services at a time.
  fileprivate func layer2Status(of service: ObjectKey? = nil, at now: ContinuousClock.Instant) -> Layer2Status {
    let reading = self.reading(of: service)
    let candidates = reading.candidateQuestions.map { self.candidates(of: $0) }
    return reading.layer2Status(
      candidates: candidates.reduce(into: [:]) { $0.merge($1) { first, _ in first } }, at: now)
  }
}
