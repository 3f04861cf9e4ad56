import Balancer
import KubernetesModel
import Primitives
import TestKit
import Testing

@testable import Dashboard

/// When the cluster is looked at, and when pages are told.
@Suite struct DashboardStateTests {
  private struct Story {
    var state = DashboardState()
    var now = t0

    mutating func handle(_ event: DashboardState.Event) -> [String] {
      self.state.handle(event, at: self.now).map { action in
        switch action {
        case .look(let controllers, let speakers): "look \(controllers.count)+\(speakers.count)"
        case .inspect: "inspect"
        case .publish: "publish"
        case .followAnew: "follow anew"
        }
      }
    }

    /// Lets the time pass until the machine wants to be woken; nil = it doesn't.
    mutating func wake() -> (after: Duration, actions: [String])? {
      guard let deadline = self.state.nextDeadline else { return nil }
      let pause = self.now.duration(to: deadline)
      self.now = deadline
      return (pause, self.handle(.tick))
    }
  }

  @Test func `nobody is asked while nobody looks`() {
    var story = Story()
    #expect(story.handle(.changed(.pods(.applied(Fixture.pod("speaker-1", component: "speaker"))))) == [])
    #expect(story.wake()?.actions == ["publish"])
    #expect(story.handle(.published) == [] && story.wake() == nil)
    #expect(story.handle(.viewerCame) == ["look 0+1"])
    #expect(story.handle(.viewerLeft) == [])
    _ = story.handle(.looked(controllers: [], speakers: []))
    while let woken = story.wake() { #expect(woken.actions == ["publish"]); _ = story.handle(.published) }
  }

  @Test func `a look is repeated every two seconds, and soon after something has changed`() {
    var story = Story()
    _ = story.handle(.viewerCame)
    #expect(story.handle(.looked(controllers: [], speakers: [])) == [])
    #expect(story.wake()?.actions == ["publish"])
    _ = story.handle(.published)
    #expect(story.wake()?.actions == ["look 0+0"])
    #expect(story.now == t0 + .seconds(2))
    _ = story.handle(.looked(controllers: [], speakers: []))
    #expect(story.wake()?.actions == ["publish"])
    _ = story.handle(.published)
    _ = story.handle(.changed(.services(.applied(Fixture.service("web")))))
    #expect(story.wake()?.actions == ["publish"])
    _ = story.handle(.published)
    #expect(story.wake()?.actions == ["look 0+0"])
    #expect(story.now <= t0 + .milliseconds(2500))
  }

  @Test func `what takes long is done rarely, so that no more than a fifth of the time is spent on it`() {
    var story = Story()
    _ = story.handle(.viewerCame)
    story.now += .seconds(3)
    _ = story.handle(.looked(controllers: [], speakers: []))
    #expect(story.wake()?.actions == ["publish"])
    let begun = story.now
    story.now += .seconds(1)
    _ = story.handle(.changed(.services(.applied(Fixture.service("web")))))
    _ = story.handle(.published)
    #expect(story.wake()?.actions == ["publish"])
    #expect(story.now == begun + .seconds(5))
    _ = story.handle(.published)
    #expect(story.wake()?.actions == ["look 0+0"])
    #expect(story.now >= t0 + .seconds(15), "the last look took three seconds")
  }

  @Test func `changes that come together are shown together`() {
    var story = Story()
    for index in 0..<1000 {
      #expect(story.handle(.changed(.services(.applied(Fixture.service("web-\(index)"))))) == [])
    }
    #expect(story.wake()?.actions == ["publish"])
    _ = story.handle(.published)
    #expect(story.wake() == nil)
  }

  @Test
  func
    `what stands around MetalLB is looked at once all is read, then rarely, and soon after its configuration changes`()
  {
    var story = Story()
    for change in Fixture.synced.dropLast() { _ = story.handle(.changed(change)) }
    #expect(!story.handle(.viewerCame).contains("inspect"), "not everything is known")
    #expect(story.handle(.changed(Fixture.synced[Fixture.synced.count - 1])) == ["inspect"])
    let trap = Problem(
      kind: "IPAddressPool", key: ObjectKey(namespace: "metallb-system", name: "main"), field: "spec", message: "m",
      remedy: "r", severity: .warning)
    func inspections(_ limit: Duration) -> [Duration] {
      var times: [Duration] = []
      let end = story.now + limit
      while let deadline = story.state.nextDeadline, deadline <= end, let woken = story.wake() {
        for action in woken.actions {
          switch action {
          case "inspect":
            times.append(limit - story.now.duration(to: end))
            _ = story.handle(.inspected(.init(warnings: [trap], loadBalancerClass: "c")))
          case "publish": _ = story.handle(.published)
          default: _ = story.handle(.looked(controllers: [], speakers: []))
          }
        }
      }
      story.now = end
      return times
    }
    _ = story.handle(.inspected(.init(warnings: [trap], loadBalancerClass: "c")))
    #expect(story.state.picture.inspection == .init(warnings: [trap], loadBalancerClass: "c"))
    #expect(inspections(.seconds(59)) == [])
    #expect(inspections(.seconds(2)) == [.seconds(1)])
    _ = story.handle(.changed(.pools(.applied(Fixture.pool))))
    #expect(inspections(.seconds(10)) == [.seconds(1)])
    // One that takes two seconds is followed by a pause of forty, whatever changes.
    _ = story.handle(.changed(.pools(.applied(Fixture.pool))))
    story.now += .seconds(1)
    #expect(story.handle(.tick).contains("inspect"))
    story.now += .seconds(2)
    _ = story.handle(.inspected(nil))
    #expect(story.state.picture.inspection?.warnings == [trap], "what is known stays")
    _ = story.handle(.changed(.pools(.applied(Fixture.pool))))
    #expect(inspections(.seconds(39)) == [])
    #expect(inspections(.seconds(2)) == [.seconds(1)])
    // Nobody is left.
    _ = story.handle(.viewerLeft)
    #expect(inspections(.seconds(1000)) == [])
  }

  @Test func `an inspection begins with Services of every type, and without what may not be read`() {
    var picture = ClusterPicture()
    _ = picture.apply(.services(.applied(Fixture.service("web"))))
    _ = picture.apply(.services(.applied(Fixture.service("inner", type: "ClusterIP"))))
    #expect(Set(picture.servicesOfEveryType.map(\.key.name)) == ["web", "inner"])
    #expect(picture.servicesOfEveryType.allSatisfy { $0.spec?.clusterIPs == ["10.96.0.1"] })
    _ = picture.apply(.services(.deleted(Fixture.service("inner").key)))
    #expect(picture.servicesOfEveryType.map(\.key.name) == ["web"])
    #expect(picture.configuration.bgpPeers == [] && picture.nodesIfReadable == [])
    picture.unreadable = ["BGPPeer": "forbidden", "Node": "forbidden"]
    #expect(picture.configuration.bgpPeers == nil && picture.nodesIfReadable == nil)
  }

  @Test func `an API server that is away is said to be, and watches begin anew when it is back`() {
    var story = Story()
    _ = story.handle(.viewerCame)
    _ = story.handle(.changed(.services(.applied(Fixture.service("gone")))))
    _ = story.handle(.changed(.services(.applied(Fixture.service("stays")))))
    _ = story.handle(.changed(.services(.synced)))
    #expect(story.handle(.unreachable("connection refused")) == [])
    #expect(story.state.picture.connection == .lost(reason: "connection refused"))
    #expect(story.wake()?.actions == ["publish"])
    _ = story.handle(.published)
    #expect(story.wake()?.actions == ["look 0+0"])
    #expect(story.now == t0 + .seconds(1))
    #expect(story.handle(.looked(controllers: [], speakers: [])) == ["follow anew"])
    #expect(story.state.picture.connection == .live)
    // What was there is shown until it is known to be gone.
    #expect(story.state.picture.services.objects.count == 2)
    _ = story.handle(.changed(.services(.applied(Fixture.service("stays")))))
    _ = story.handle(.changed(.services(.synced)))
    #expect(story.state.picture.services.objects.keys.map(\.name) == ["stays"])
  }

  @Test func `Services of other types and heartbeats of nodes are no news`() {
    var story = Story()
    #expect(story.handle(.changed(.services(.applied(Fixture.service("web", type: "ClusterIP"))))) == [])
    #expect(story.state.nextDeadline == nil && story.state.picture.services.objects.isEmpty)
    _ = story.handle(.changed(.nodes(.applied(Fixture.node("w1")))))
    _ = story.wake()
    _ = story.handle(.published)
    var beaten = Fixture.node("w1")
    beaten.metadata.resourceVersion = "2"
    _ = story.handle(.changed(.nodes(.applied(beaten))))
    #expect(story.state.nextDeadline == nil)
    // One that changes its type goes.
    _ = story.handle(.changed(.services(.applied(Fixture.service("web")))))
    _ = story.handle(.changed(.services(.applied(Fixture.service("web", type: "ClusterIP")))))
    #expect(story.state.picture.services.objects.isEmpty)
  }

  @Test func `a Service is kept without what is nobody's business`() throws {
    var picture = ClusterPicture()
    _ = picture.apply(.services(.applied(Fixture.service("web"))))
    let kept = try #require(picture.services.objects.values.first)
    #expect(kept.metadata.annotations == ["metallb.io/ip-allocated-from-pool": "main"])
  }
}
