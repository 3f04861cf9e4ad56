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
        #expect(time < .seconds(5), "it took \(time)")
      }
    }
  }
}
