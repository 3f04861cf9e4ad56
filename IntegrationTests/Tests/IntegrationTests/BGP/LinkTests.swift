import Harness
import Testing

extension Everything.Aside.Networks {
  /// What becomes of sessions when the node's link or its addresses change.
  @Suite(.timeLimit(.minutes(2)))
  struct LinkTests {
    @Test func `a link that fails ends the session with a neighbour, which is back as soon as the link is`()
      async throws
    {
      try await BGPScene.with { scene in
        let peering = Peering(
          "outside", local: BGPScene.routerAddress, neighbor: BGPScene.nodeAddress, neighborASN: BGPScene.nodeASN,
          families: [.ipv4])
        let router = try await BIRDRouter.start(on: scene.router, asn: BGPScene.routerASN, [peering])
        try await scene.cluster.apply(
          Manifest.bgpPeer(
            "outside",
            "myASN: \(BGPScene.nodeASN)\npeerASN: \(BGPScene.routerASN)\npeerAddress: \(BGPScene.routerAddress)"))
        let speaker = try scene.cluster.startSpeaker()
        func awaitRoute(_ what: String) async throws {
          try await eventually("the router has the route \(what)", equals: true, within: .seconds(20)) {
            try await router.route(InteropScene.aggregate, from: peering) != nil
          }
        }
        try await awaitRoute("at first")
        let start = scene.logLength(of: speaker)
        try await scene.nodePort.cut()
        // As a router does that sees its own end of the link fail.
        try await router.shutDown(peering, saying: "link down")
        try await router.bringUp(peering)
        try await scene.awaitLog("the link to the router is down", of: speaker, after: start)
        try await scene.nodePort.heal()
        let healed = ContinuousClock.now
        try await awaitRoute("again")
        #expect(ContinuousClock.now - healed < .seconds(15), "and not after a keepalive interval of half a minute")
      }
    }

    @Test func `routes name the addresses that the interface has now, and wait while it has none`() async throws {
      try await BGPScene.with { scene in
        var peering = InteropScene.outside
        peering.password = nil
        let router = try await BIRDRouter.start(on: scene.router, asn: BGPScene.routerASN, [peering])
        // Its link-local address as well, which would do.
        _ = try await scene.node.run("ip", "-6", "address", "flush", "dev", "eth0").expectSuccess()
        try await scene.cluster.apply(scene.peer())
        let speaker = try scene.cluster.startSpeaker()
        try await eventually("the router has the IPv4 route", equals: true, within: .seconds(20)) {
          try await router.route(InteropScene.aggregate, from: peering) != nil
        }
        try await scene.awaitLog("routes of a family cannot be announced", of: speaker)
        func awaitNextHop(_ address: String?) async throws {
          try await eventually("the IPv6 route is by way of \(address ?? "nobody")") {
            try await router.route(InteropScene.hostV6, from: peering)?.nextHops
          } isRight: {
            address == nil ? $0 == nil : $0?.contains(address ?? "") == true
          }
        }
        try await awaitNextHop(nil)
        try await scene.node.ip("address add \(BGPScene.nodeAddressV6)/64 dev eth0 nodad")
        try await awaitNextHop(BGPScene.nodeAddressV6)
        try await scene.node.ip(
          "address add 2001:db8:1::99/64 dev eth0 nodad", "address delete \(BGPScene.nodeAddressV6)/64 dev eth0")
        try await awaitNextHop("2001:db8:1::99")
        try await scene.node.ip("address delete 2001:db8:1::99/64 dev eth0")
        try await awaitNextHop(nil)
        let log = String(speaker.standardOutput + speaker.standardError)
        #expect(!log.contains("sessionDown"))
      }
    }
  }
}
