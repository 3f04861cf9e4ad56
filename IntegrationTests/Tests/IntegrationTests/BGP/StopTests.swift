import Foundation
import Harness
import Testing

extension Everything.Aside.Networks {
  /// How long a speaker takes to stop, whatever its routers do.
  @Suite(.timeLimit(.minutes(2)))
  struct StopTests {
    private struct Neighbor: Decodable { var bgpState: String }

    private static let configuration = """
      router bgp \(BGPScene.routerASN)
       bgp router-id 198.18.1.2
       no bgp ebgp-requires-policy
       neighbor \(BGPScene.nodeAddress) remote-as \(BGPScene.nodeASN)
       neighbor \(BGPScene.nodeAddress) timers 3 9
      """

    @Test func `a router that hangs delays the end of the speaker by three seconds at most`() async throws {
      try await BGPScene.with { scene in
        let router = try await FRRRouter.start(on: scene.router, [.bgpd: Self.configuration])
        try await scene.cluster.apply(scene.peer())
        let speaker = try scene.cluster.startSpeaker()
        try await eventually("the session is up", equals: "Established", within: .seconds(30)) {
          let neighbors: [String: Neighbor] = try await router.read(
            "show bgp neighbors \(BGPScene.nodeAddress) json")
          return neighbors[BGPScene.nodeAddress]?.bgpState ?? ""
        }
        try await Task.sleep(for: .milliseconds(500))
        router.end(.bgpd, SIGSTOP)
        let start = ContinuousClock.now
        #expect(await speaker.stop() == 0)
        let time = ContinuousClock.now - start
        router.end(.bgpd, SIGCONT)
        // Two for the other routers to find another way, one for the farewell; the rest is the machine's.
        #expect(time < .seconds(7), "it took \(time)")
      }
    }

    /// There are routers, such as BIRD, that end a session whose BFD is switched off.
    @Test func `BFD goes on until the routers have been asked to prefer others`() async throws {
      try await BGPScene.with { scene in
        var peering = InteropScene.outside
        (peering.password, peering.keepsRoutes) = (nil, false)
        peering.bfd = "{ min rx interval 200 ms; min tx interval 200 ms; }"
        let router = try await BIRDRouter.start(on: scene.router, asn: BGPScene.routerASN, [peering])
        try await scene.cluster.apply(
          Manifest.bfdProfile("fast", "receiveInterval: 200\ntransmitInterval: 200"), scene.peer("bfdProfile: fast"))
        let speaker = try scene.cluster.startSpeaker()
        try await eventually("BIRD has the route, and BFD is up", equals: true, within: .seconds(30)) {
          guard try await router.route(InteropScene.aggregate, from: peering) != nil else { return false }
          return try await router.show("show bfd sessions").contains("Up")
        }
        async let status = speaker.stop()
        try await eventually("the route says that it is about to go", every: .milliseconds(20)) {
          try await router.route(InteropScene.aggregate, from: peering)?.communities ?? []
        } isRight: {
          $0.contains("65535:0")
        }
        try await eventually("BIRD has heard why", equals: true) {
          try await router.hasHeard(.administrativeShutdown, from: peering)
        }
        #expect(await status == 0)
      }
    }

    @Test(arguments: [RouterKind.frr, .bird])
    func `routes are kept over a restart although BFD watches`(kind: RouterKind) async throws {
      try await BGPScene.with { scene in
        var peering = InteropScene.outside
        peering.password = nil
        // Two seconds, lest a process that is not let run is missed: what ends BFD here is the speaker's goodbye. BIRD lets
        // routes go for that, unless it is told to be graceful.
        peering.bfd = kind == .frr ? "10 200 200" : "graceful"
        let router = try await kind.type.start(on: scene.router, asn: BGPScene.routerASN, [peering])
        try await scene.cluster.apply(
          Manifest.bfdProfile("fast", "receiveInterval: 200\ntransmitInterval: 200\ndetectMultiplier: 10"),
          scene.peer("bfdProfile: fast\nenableGracefulRestart: true"))
        var speaker = try scene.cluster.startSpeaker()
        try await eventually("the router has the route, and BFD is up", equals: true, within: .seconds(30)) {
          try await router.route(InteropScene.aggregate, from: peering) != nil
        }
        try await scene.awaitLog("BFD session is up", of: speaker)
        #expect(await speaker.stop() == 0)
        try await stays("the router keeps the route", equals: true, during: .seconds(2)) {
          try await router.route(InteropScene.aggregate, from: peering) != nil
        }
        speaker = try scene.cluster.startSpeaker()
        try await scene.awaitLog("BFD session is up", of: speaker)
        try await stays("the router keeps the route", equals: true, during: .seconds(2)) {
          try await router.route(InteropScene.aggregate, from: peering) != nil
        }
      }
    }
  }
}
