import Foundation
import Harness
import Testing

extension Everything.Aside.Networks {
  /// Peers of which only the interface is known: router advertisements both ways, link-local sessions, IPv4 with IPv6 next hops.
  @Suite(.timeLimit(.minutes(3)))
  struct UnnumberedTests {
    private struct Route: Decodable {
      struct Hop: Decodable { var ip: String }
      struct Path: Decodable { var nexthops: [Hop] }
      var paths: [Path]?
    }

    private static let peer = """
      myASN: \(BGPScene.nodeASN)
      dynamicASN: external
      interface: eth0
      holdTime: 9s
      connectTime: 5s
      """

    /// The router's interface has no address but the link-local one, and needs none.
    private static func configuration(bfd: Bool) -> String {
      """
      router bgp \(BGPScene.routerASN)
       bgp router-id 198.18.1.2
       no bgp ebgp-requires-policy
       neighbor eth0 interface remote-as external
       neighbor eth0 timers 3 9
       \(bfd ? "neighbor eth0 bfd" : "")
       address-family ipv6 unicast
        neighbor eth0 activate
       exit-address-family
      """
    }

    private static let configuration = [
      Manifest.pool("rack", "192.168.5.0/24", "2001:db8:5::/120"),
      Manifest.bgpAdvertisement("hosts", "ipAddressPools: [rack]"),
    ]

    /// A node and a router with nothing but a cable between them.
    private func with(
      _ peer: String...,
      body: (_ node: NetworkHost, _ router: NetworkHost, _ port: NetworkPort, _ cluster: BGPCluster) async throws ->
        Void
    ) async throws {
      try await TestNetwork.with { network in
        let (node, router) = (try await network.addHost("node"), try await network.addHost("router", forwards: true))
        let segment = try await network.addSegment("cable")
        try await segment.plug(node)
        let port = try await segment.plug(router)
        let cluster = try await BGPCluster.start(on: node)
        try await cluster.kubectl(
          "apply", "-f", "-", input: (Self.configuration + peer).joined(separator: "\n---\n"))
        try await cluster.expose("web", "192.168.5.0,2001:db8:5::1")
        try await body(node, router, port, cluster)
      }
    }

    private func nextHops(_ prefix: String, _ family: String, at router: FRRRouter) async throws -> [String] {
      let route: Route = try await router.read("show bgp \(family) unicast \(prefix) json")
      return (route.paths ?? []).flatMap(\.nexthops).map(\.ip)
    }

    private func awaitRoutes(at router: FRRRouter, within limit: Duration = .seconds(25))
      async throws
    {
      for (prefix, family) in [("192.168.5.0/32", "ipv4"), ("2001:db8:5::1/128", "ipv6")] {
        try await eventually("FRR has \(prefix)", within: limit) {
          try await self.nextHops(prefix, family, at: router)
        } isRight: {
          !$0.isEmpty
        }
      }
    }

    @Test func `FRR and the speaker find each other, and again after each has been away`() async throws {
      try await self.with(Manifest.bgpPeer("cable", Self.peer)) { node, host, port, cluster in
        let speaker = try cluster.startSpeaker()
        // Nobody is there yet, and the reason says so.
        try await eventually("the speaker misses the router", within: .seconds(30)) {
          speaker.standardOutput + speaker.standardError
        } isRight: {
          $0.contains(#"no router is known on interface \"eth0\": no router has advertised itself on it"#)
        }
        let router = try await FRRRouter.start(on: host, [.bgpd: Self.configuration(bfd: false)])
        try await self.awaitRoutes(at: router)
        let own = try await node.run("ip", "-brief", "-6", "address", "show", "dev", "eth0", "scope", "link")
          .expectSuccess()
        for (prefix, family) in [("192.168.5.0/32", "ipv4"), ("2001:db8:5::1/128", "ipv6")] {
          let hops = try await self.nextHops(prefix, family, at: router)
          #expect(hops.allSatisfy { own.contains("\($0)/64") }, "\(hops) are addresses of \(own)")
        }
        // The kernel of the router sends the traffic of an IPv4 address to an IPv6 neighbour.
        try await eventually("the router's kernel has the route", within: .seconds(10)) {
          try await host.run("ip", "route", "show", "192.168.5.0/32").expectSuccess()
        } isRight: {
          $0.contains("via inet6 fe80:") && $0.contains("dev eth0")
        }

        // A cable that is taken out ends the session at once; it comes back with the cable.
        var start = (speaker.standardOutput + speaker.standardError).count
        try await node.ip("link set eth0 down")
        try await self.awaitLog("the interface is down", of: speaker, after: start)
        start = (speaker.standardOutput + speaker.standardError).count
        try await node.ip("link set eth0 up")
        try await self.awaitLog("BGP session established", of: speaker, after: start)

        // FRR crashes and comes back on the same link.
        start = (speaker.standardOutput + speaker.standardError).count
        router.end(.bgpd, SIGKILL)
        router.end(.zebra, SIGKILL)
        try await self.awaitLog("BGP session down", of: speaker, after: start)
        let successor = try await FRRRouter.start(on: host, [.bgpd: Self.configuration(bfd: false)])
        try await self.awaitRoutes(at: successor)

        // The router gets another address: the next session is with that one.
        start = (speaker.standardOutput + speaker.standardError).count
        let before = try await port.linkLocalAddress()
        try await host.ip(
          "address add fe80::dead:beef/64 dev eth0 scope link nodad", "address del \(before)/64 dev eth0")
        try await self.awaitLog("fe80::dead:beef", of: speaker, after: start, within: .seconds(30))
        try await self.awaitLog("BGP session established", of: speaker, after: start, within: .seconds(20))
        #expect(await speaker.stop() == 0)
      }
    }

    @Test func `BFD watches the link-local path, and its failure ends the session at once`() async throws {
      let profile = """
        apiVersion: metallb.io/v1beta1
        kind: BFDProfile
        metadata: {name: fast, namespace: metallb-system}
        spec: {receiveInterval: 100, transmitInterval: 100, detectMultiplier: 3}
        """
      try await self.with(profile, Manifest.bgpPeer("cable", Self.peer + "\nbfdProfile: fast")) {
        node, host, port, cluster in
        let router = try await FRRRouter.start(
          on: host, [.bgpd: Self.configuration(bfd: true), .bfdd: "log stdout"])
        let speaker = try cluster.startSpeaker()
        try await self.awaitRoutes(at: router)
        try await eventually("FRR's BFD session is up", within: .seconds(15)) {
          try await router.show("show bfd peers")
        } isRight: {
          $0.contains("peer fe80:") && $0.contains("Status: up")
        }
        let start = (speaker.standardOutput + speaker.standardError).count
        let silenced = ContinuousClock.now
        try await port.silence()
        try await self.awaitLog("BFD Down", of: speaker, after: start)
        #expect(ContinuousClock.now - silenced < .seconds(6), "before the hold time of 9 s")
        try await port.heal()
        try await self.awaitLog("BGP session established", of: speaker, after: start, within: .seconds(20))
      }
    }

    @Test func `BIRD, which advertises itself and waits, gets routes of both families`() async throws {
      try await self.with(Manifest.bgpPeer("cable", Self.peer)) { node, host, _, cluster in
        let router = try await BIRDRouter.start(
          on: host,
          """
          log stderr all;
          router id 198.18.1.2;
          protocol device {}
          protocol radv { interface "eth0" { max ra interval 5; default lifetime 0; }; }
          protocol bgp cable {
            local as \(BGPScene.routerASN);
            neighbor range fe80::/10 external;
            interface "eth0";
            dynamic name "found";
            ipv4 { import all; export none; extended next hop on; };
            ipv6 { import all; export none; };
          }
          """)
        _ = try cluster.startSpeaker()
        for prefix in ["192.168.5.0/32", "2001:db8:5::1/128"] {
          let route = try await eventually("BIRD has \(prefix)", within: .seconds(30)) {
            try await router.show("show route \(prefix) all")
          } isRight: {
            $0.contains("BGP.next_hop")
          }
          // Where there is no global address BIRD shows the unspecified one before the link-local.
          #expect(route.contains("BGP.next_hop: :: fe80:"), "\(route)")
        }
      }
    }

    private func awaitLog(
      _ text: String, of speaker: ChildProcess, after start: Int, within limit: Duration = .seconds(20)
    )
      async throws
    {
      try await eventually("the speaker's log says \(text)", within: limit) {
        String((speaker.standardOutput + speaker.standardError).dropFirst(start))
      } isRight: {
        $0.contains(text)
      }
    }
  }
}
