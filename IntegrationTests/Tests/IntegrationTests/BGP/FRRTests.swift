import Foundation
import Harness
import Testing

extension Everything.Networks {
  /// The speaker and FRR: what FRR's own tables say.
  @Suite(.timeLimit(.minutes(3)))
  struct FRRTests {
    /// What `show bgp … PREFIX json` says of one path.
    struct Path: Decodable {
      struct Text: Decodable { var string: String }
      struct Hop: Decodable { var ip: String }

      var aspath: Text
      var community: Text?
      var largeCommunity: Text?
      var metric: Int?
      var locPrf: Int?
      var stale: Bool?
      var nexthops: [Hop]
    }

    struct Entry: Decodable { var paths: [Path]? }

    struct Neighbor: Decodable {
      var bgpState: String
      var lastNotificationReason: String?
      var messageStats: [String: Int]?
    }

    static let configuration = """
      router bgp \(BGPScene.routerASN)
       bgp router-id 198.18.1.2
       no bgp ebgp-requires-policy
       bgp graceful-restart
       neighbor \(BGPScene.nodeAddress) remote-as \(BGPScene.nodeASN)
       neighbor \(BGPScene.nodeAddress) password rack-secret
       neighbor \(BGPScene.nodeAddress) timers 3 9
       neighbor \(BGPScene.nodeAddressV6) remote-as \(BGPScene.routerASN)
       address-family ipv4 unicast
        no neighbor \(BGPScene.nodeAddressV6) activate
       exit-address-family
       address-family ipv6 unicast
        neighbor \(BGPScene.nodeAddress) activate
        neighbor \(BGPScene.nodeAddressV6) activate
       exit-address-family
      """

    private func path(_ prefix: String, _ family: String, at router: FRRRouter, from neighbor: String) async throws
      -> Path?
    {
      let entry: Entry = try await router.read("show bgp \(family) unicast \(prefix) json")
      // Paths of one neighbour are told apart by their next hop: each session has the address that it comes from.
      return entry.paths?.first { $0.nexthops.contains { $0.ip == neighbor } }
    }

    private func neighbor(_ address: String, at router: FRRRouter) async throws -> Neighbor {
      let neighbors: [String: Neighbor] = try await router.read("show bgp neighbors \(address) json")
      return try #require(neighbors[address])
    }

    private func awaitState(_ state: String, of address: String, at router: FRRRouter) async throws {
      try await eventually("FRR's session with \(address) is \(state)", equals: state) {
        try await self.neighbor(address, at: router).bgpState
      }
    }

    @Test func `routes arrive with all that is configured, and sessions survive what they should`() async throws {
      try await BGPScene.with { scene in
        let router = try await FRRRouter.start(on: scene.router, [.bgpd: Self.configuration])
        try await scene.cluster.apply(
          Manifest.password("rack", "rack-secret"),
          scene.peer("passwordSecret: {name: rack}\nenableGracefulRestart: true"), scene.internalPeer())
        var speaker = try scene.cluster.startSpeaker()

        // What is announced, eBGP over IPv4 and iBGP over IPv6.
        try await eventually("FRR has the aggregate", within: .seconds(30)) {
          try await self.path("192.168.5.0/24", "ipv4", at: router, from: BGPScene.nodeAddress) != nil
        } isRight: {
          $0
        }
        let aggregate = try #require(
          try await self.path("192.168.5.0/24", "ipv4", at: router, from: BGPScene.nodeAddress))
        #expect(aggregate.aspath.string == "\(BGPScene.nodeASN) \(BGPScene.nodeASN)")
        #expect(aggregate.community?.string == "64700:120 no-export")
        #expect(aggregate.largeCommunity?.string == "64700:300:100")
        #expect(aggregate.metric == 5)
        #expect(aggregate.locPrf == nil)
        let host = try #require(try await self.path("192.168.5.0/32", "ipv4", at: router, from: BGPScene.nodeAddress))
        #expect(host.aspath.string == "\(BGPScene.nodeASN)")
        #expect(host.community == nil && host.metric == nil)
        try await eventually("FRR has the IPv6 route of both sessions", equals: Set(["", "\(BGPScene.nodeASN)"])) {
          let entry: Entry = try await router.read("show bgp ipv6 unicast 2001:db8:5::1/128 json")
          return Set((entry.paths ?? []).map { $0.aspath.string == "Local" ? "" : $0.aspath.string })
        }
        let v6: Entry = try await router.read("show bgp ipv6 unicast 2001:db8:5::1/128 json")
        for path in v6.paths ?? [] {
          #expect(path.nexthops.contains { $0.ip == BGPScene.nodeAddressV6 })
          #expect(path.locPrf == (path.aspath.string == "\(BGPScene.nodeASN)" ? nil : 250))
        }

        try await self.refreshes(scene, router)
        try await self.changesArrive(scene, router)
        try await self.notifies(scene, router, &speaker)
        try await self.timesOut(scene, router, speaker)
        try await self.refusesWrongPasswords(scene, router)
        speaker = try await self.restartsGracefully(scene, router, speaker)
      }
    }

    private func refreshes(_ scene: BGPScene, _ router: FRRRouter) async throws {
      let before = try await self.neighbor(BGPScene.nodeAddress, at: router).messageStats?["updatesRecv"] ?? 0
      try await router.show("clear bgp ipv4 unicast \(BGPScene.nodeAddress) in")
      try await eventually("the routes are sent again") {
        try await self.neighbor(BGPScene.nodeAddress, at: router).messageStats?["updatesRecv"] ?? 0
      } isRight: {
        $0 > before
      }
      #expect(try await self.path("192.168.5.0/24", "ipv4", at: router, from: BGPScene.nodeAddress) != nil)
    }

    private func changesArrive(_ scene: BGPScene, _ router: FRRRouter) async throws {
      try await scene.cluster.expose("second", "192.168.5.7")
      try await eventually("a new Service arrives", equals: true) {
        try await self.path("192.168.5.7/32", "ipv4", at: router, from: BGPScene.nodeAddress) != nil
      }
      try await scene.cluster.kubectl("delete", "service", "second")
      try await eventually("a deleted Service goes", equals: true) {
        try await self.path("192.168.5.7/32", "ipv4", at: router, from: BGPScene.nodeAddress) == nil
      }
      #expect(try await self.neighbor(BGPScene.nodeAddress, at: router).bgpState == "Established")
    }

    private func notifies(_ scene: BGPScene, _ router: FRRRouter, _ speaker: inout ChildProcess) async throws {
      let start = scene.logLength(of: speaker)
      let instance = "router bgp \(BGPScene.routerASN)"
      try await router.configure(instance, "neighbor \(BGPScene.nodeAddressV6) shutdown message out for lunch")
      try await scene.awaitLog("out for lunch", of: speaker, after: start)
      try await router.configure(instance, "no neighbor \(BGPScene.nodeAddressV6) shutdown")
      try await self.awaitState("Established", of: BGPScene.nodeAddressV6, at: router)
      try await scene.cluster.kubectl("delete", "bgppeer", "internal", "--namespace=metallb-system")
      try await eventually("FRR is told why the session ends") {
        try await self.neighbor(BGPScene.nodeAddressV6, at: router).lastNotificationReason ?? ""
      } isRight: {
        $0.contains("Cease/Peer Unconfigured") || $0.contains("Cease/Peer De-configured")
      }
      #expect(try await self.neighbor(BGPScene.nodeAddress, at: router).bgpState == "Established")
    }

    private func timesOut(_ scene: BGPScene, _ router: FRRRouter, _ speaker: ChildProcess) async throws {
      let start = scene.logLength(of: speaker)
      router.end(.bgpd, SIGSTOP)
      try await scene.awaitLog("Hold Timer Expired", of: speaker, after: start, within: .seconds(14))
      router.end(.bgpd, SIGCONT)
      try await self.awaitState("Established", of: BGPScene.nodeAddress, at: router)
    }

    private func refusesWrongPasswords(_ scene: BGPScene, _ router: FRRRouter) async throws {
      try await scene.cluster.apply(Manifest.password("rack", "another-secret"))
      try await eventually("a session with another password ends") {
        try await self.neighbor(BGPScene.nodeAddress, at: router).bgpState
      } isRight: {
        $0 != "Established"
      }
      try await stays("nothing is established", equals: true, during: .seconds(3)) {
        try await self.neighbor(BGPScene.nodeAddress, at: router).bgpState != "Established"
      }
      try await scene.cluster.apply(Manifest.password("rack", "rack-secret"))
      try await self.awaitState("Established", of: BGPScene.nodeAddress, at: router)
    }

    private func restartsGracefully(_ scene: BGPScene, _ router: FRRRouter, _ speaker: ChildProcess) async throws
      -> ChildProcess
    {
      try await eventually("the aggregate is there", equals: false) {
        try await self.path("192.168.5.0/24", "ipv4", at: router, from: BGPScene.nodeAddress)?.stale ?? false
      }
      #expect(await speaker.stop() == 0)
      let kept = try await self.path("192.168.5.0/24", "ipv4", at: router, from: BGPScene.nodeAddress)
      #expect(kept?.stale == true)
      let successor = try scene.cluster.startSpeaker()
      try await eventually("the successor announces it again", within: .seconds(30)) {
        try await self.path("192.168.5.0/24", "ipv4", at: router, from: BGPScene.nodeAddress)
      } isRight: {
        $0 != nil && $0?.stale != true
      }
      return successor
    }
  }
}
