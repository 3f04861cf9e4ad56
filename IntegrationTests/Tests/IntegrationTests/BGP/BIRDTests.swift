import Foundation
import Harness
import Testing

extension Everything.Networks {
  /// The speaker and BIRD: what `birdc` says.
  @Suite(.timeLimit(.minutes(2)))
  struct BIRDTests {
    static let configuration = """
      log stderr { warning, error, fatal, auth };
      router id 198.18.1.2;
      protocol device {}
      protocol direct { ipv4; ipv6; }
      protocol bgp outside {
        local \(BGPScene.routerAddress) as \(BGPScene.routerASN);
        neighbor \(BGPScene.nodeAddress) as \(BGPScene.nodeASN);
        password "rack-secret"; hold time 9; error wait time 1, 2; passive on;
        ipv4 { import all; export none; };
        ipv6 { import all; export none; };
      }
      protocol bgp inside {
        local \(BGPScene.routerAddressV6) as \(BGPScene.routerASN);
        neighbor \(BGPScene.nodeAddressV6) as \(BGPScene.routerASN);
        error wait time 1, 2; passive on;
        ipv6 { import all; export none; };
      }
      """

    @Test func `routes arrive, a refresh is answered, and both sides say why they leave`() async throws {
      try await BGPScene.with { scene in
        let router = try await BIRDRouter.start(on: scene.router, Self.configuration)
        try await scene.cluster.apply(scene.peer("password: rack-secret"), scene.internalPeer())
        let speaker = try scene.cluster.startSpeaker()
        let aggregate = try await eventually("BIRD has the aggregate", within: .seconds(30)) {
          try await router.show("show route 192.168.5.0/24 all")
        } isRight: {
          $0.contains("BGP.as_path")
        }
        for line in [
          "BGP.as_path: \(BGPScene.nodeASN) \(BGPScene.nodeASN)", "BGP.next_hop: \(BGPScene.nodeAddress)", "BGP.med: 5",
          "BGP.community: (64700,120) (65535,65281)", "BGP.large_community: (64700, 300, 100)",
        ] {
          #expect(aggregate.contains(line), "\(line) in \(aggregate)")
        }
        let internalRoute = try await eventually("BIRD has the IPv6 route") {
          try await router.show("show route 2001:db8:5::1/128 protocol inside all")
        } isRight: {
          $0.contains("BGP.local_pref")
        }
        #expect(internalRoute.contains("BGP.local_pref: 250"))
        #expect(internalRoute.contains("BGP.next_hop: \(BGPScene.nodeAddressV6) fe80::"))

        try await router.show("reload in outside")
        try await eventually("the route is still there after a refresh", equals: true) {
          try await router.show("show route 192.168.5.0/24").contains("outside")
        }
        let start = scene.logLength(of: speaker)
        _ = try await router.show("disable inside \"lunch\"")
        try await scene.awaitLog("lunch", of: speaker, after: start)
        try await router.show("enable inside")
        try await eventually("BIRD's session is back", within: .seconds(20)) {
          try await router.show("show protocols inside")
        } isRight: {
          $0.contains("Established")
        }
        #expect(await speaker.stop() == 0)
        let protocols = try await router.show("show protocols outside")
        #expect(!protocols.contains("Established"))
        #expect(try await router.show("show route").contains("192.168.5.") == false)
      }
    }

    @Test func `a router that cannot be reached delays nothing else`() async throws {
      try await BGPScene.with { scene in
        let router = try await BIRDRouter.start(on: scene.router, Self.configuration)
        try await scene.node.ip("route add blackhole 198.51.100.9/32")
        try await scene.cluster.apply(
          Manifest.bgpPeer("hole", "myASN: 64512\npeerASN: 64513\npeerAddress: 198.51.100.9"),
          Manifest.bgpPeer("silence", "myASN: 64512\npeerASN: 64513\npeerAddress: 198.18.1.77"),
          scene.peer("password: rack-secret"))
        _ = try scene.cluster.startSpeaker()
        try await eventually("BIRD has the aggregate", within: .seconds(30)) {
          try await router.show("show route 192.168.5.0/24 all")
        } isRight: {
          $0.contains("BGP.as_path")
        }
        let start = ContinuousClock.now
        try await scene.cluster.expose("second", "192.168.5.8")
        try await eventually("a new Service arrives at once", equals: true) {
          try await router.show("show route 192.168.5.8/32").contains("outside")
        }
        #expect(ContinuousClock.now - start < .seconds(5))
      }
    }
  }
}
