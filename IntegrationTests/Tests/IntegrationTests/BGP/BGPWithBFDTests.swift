import Foundation
import Harness
import Testing

extension Everything.Aside.Networks {
  /// BGPPeers with a BFDProfile: what becomes of BGP when BFD says that a path has failed, at FRR and at BIRD.
  @Suite(.timeLimit(.minutes(4)))
  struct BGPWithBFDTests {
    /// eBGP over IPv4, iBGP over IPv6 and eBGP through a router in between, each watched by BFD every 200 ms. A failure takes
    /// 1.2 s to be detected: three processes take part in this, and none of them may be missed because it is not let run.
    private struct Watched {
      let scene: BGPScene
      let kind: RouterKind
      let router: any Router
      let speaker: ChildProcess
      let outside: Peering
      let inside: Peering
      let far: Peering

      static func with(_ kind: RouterKind, _ body: (Watched) async throws -> Void) async throws {
        let intervals = "{ min rx interval 200 ms; min tx interval 200 ms; multiplier 6; }"
        func watched(_ peering: Peering) -> Peering {
          var peering = peering
          peering.bfd = kind == .frr ? "profile rack" : intervals
          peering.password = nil
          return peering
        }
        let (outside, inside, far) = (
          watched(InteropScene.outside), watched(InteropScene.inside), watched(InteropScene.far)
        )
        try await BGPScene.with(detour: true) { scene in
          let router = try await kind.type.start(on: scene.router, asn: BGPScene.routerASN, [outside, inside, far])
          try await scene.cluster.apply(
            Self.profile("fast"), Self.profile("patient", "passiveMode: true"), Self.far(minimumTTL: kind.ttl),
            scene.peer("bfdProfile: fast"),
            InteropScene.insidePeer + "\n  bfdProfile: patient",
            Manifest.bgpPeer(
              "far",
              """
              myASN: \(InteropScene.farASN)
              peerASN: \(BGPScene.routerASN)
              peerAddress: \(BGPScene.farAddress)
              sourceAddress: \(BGPScene.nodeFarAddress)
              ebgpMultiHop: true
              bfdProfile: far
              """))
          let watched = Watched(
            scene: scene, kind: kind, router: router, speaker: try scene.cluster.startSpeaker(), outside: outside,
            inside: inside, far: far)
          for peering in [outside, inside, far] { try await watched.awaitUp(peering) }
          try await body(watched)
        }
      }

      static func profile(_ name: String, milliseconds: Int = 200, _ more: String = "") -> String {
        Manifest.bfdProfile(
          name, "receiveInterval: \(milliseconds)\ntransmitInterval: \(milliseconds)\ndetectMultiplier: 6\n\(more)")
      }

      static func far(minimumTTL: Int) -> String { Self.profile("far", "minimumTtl: \(minimumTTL)") }

      /// Both BGP and BFD, as the router says.
      func awaitUp(_ peering: Peering, within limit: Duration = .seconds(30)) async throws {
        try await eventually("\(peering.name) is established, and watched", equals: true, within: limit) {
          guard try await self.router.isEstablished(peering) else { return false }
          return try await self.isWatched(peering)
        }
      }

      private func isWatched(_ peering: Peering) async throws -> Bool {
        try await self.bfdLine(peering)?.contains(self.kind == .frr ? "up" : "Up") ?? false
      }

      /// What the router says of the BFD session.
      func bfdLine(_ peering: Peering) async throws -> String? {
        let text =
          if let frr = self.router as? FRRRouter { try await frr.show("show bfd peers brief") } else {
            try await (self.router as? BIRDRouter)?.show("show bfd sessions") ?? ""
          }
        return text.split(separator: "\n").map(String.init).first {
          $0.split(separator: " ").contains { $0 == peering.neighbor }
        }
      }

      /// How long it takes until the router says so.
      func time(until isEstablished: Bool, _ peering: Peering) async throws -> Duration {
        let start = ContinuousClock.now
        try await eventually("\(peering.name)", within: .seconds(20), every: .milliseconds(20)) {
          try await self.router.isEstablished(peering)
        } isRight: {
          $0 == isEstablished
        }
        return ContinuousClock.now - start
      }

      func log(from start: Int) -> String {
        String((self.speaker.standardOutput + self.speaker.standardError).dropFirst(start))
      }

      /// Drops BFD in both directions, and nothing else.
      func deafen() async throws {
        let rule = "udp dport { 3784, 4784 } drop"
        let table = """
          table inet deaf {
            chain in { type filter hook input priority 0; \(rule); }
            chain out { type filter hook output priority 0; \(rule); }
          }
          """
        _ = try await self.scene.router.run("nft", "-f", "-", input: table).expectSuccess()
      }

      func undeafen() async throws {
        _ = try await self.scene.router.run("nft", "delete", "table", "inet", "deaf").expectSuccess()
      }
    }

    @Test func `a BGP session falls with its path, waits for BFD, and comes back with it`() async {
      await withTaskGroup { group in
        for kind in [RouterKind.frr, .bird] {
          group.addTask {
            do {
              try await Watched.with(kind) { watched in
                try await self.sessionsFallWithTheirPath(watched)
                try await self.sessionsWaitForBFD(watched)
                try await self.profilesChangeWithoutAnEnd(watched)
                guard let frr = watched.router as? FRRRouter else {
                  return try await self.packetsFromTooFarAwayCountNot(watched)
                }
                try await self.switchingBFDOffIsNoFailure(watched, frr)
                try await self.echoPacketsDetectOverIPv4(watched, frr)
              }
            } catch {
              Issue.record("\(kind.rawValue): \(error)")
            }
          }
        }
      }
    }

    @Test func `a router of the own AS is watched over the link as soon as the node has its address there`()
      async throws
    {
      try await BGPScene.with { scene in
        var inside = InteropScene.inside
        inside.bfd = "{ min rx interval 200 ms; min tx interval 200 ms; }"
        let router = try await BIRDRouter.start(on: scene.router, asn: BGPScene.routerASN, [inside])
        try await scene.node.ip("address delete \(BGPScene.nodeAddressV6)/64 dev eth0")
        try await scene.cluster.apply(Watched.profile("fast"), InteropScene.insidePeer + "\n  bfdProfile: fast")
        let speaker = try scene.cluster.startSpeaker()
        try await scene.awaitLog("BFD session wanted", of: speaker)
        try await scene.node.ip("address add \(BGPScene.nodeAddressV6)/64 dev eth0 nodad")
        try await eventually("BIRD sees BFD and BGP", equals: true, within: .seconds(20)) {
          guard try await router.isEstablished(inside) else { return false }
          return try await router.show("show bfd sessions").contains("Up")
        }
        // What has begun over the link stays that when the link fails.
        try await scene.node.ip("address delete \(BGPScene.nodeAddressV6)/64 dev eth0")
        try await scene.awaitLog("sent NOTIFICATION: Cease: BFD Down", of: speaker)
      }
    }

    /// The link of two of the three sessions is cut; hold times are 9 and 90 seconds.
    private func sessionsFallWithTheirPath(_ watched: Watched) async throws {
      let start = watched.scene.logLength(of: watched.speaker)
      try await watched.scene.port.silence()
      let down = try await watched.time(until: false, watched.outside)
      #expect(down < .seconds(4), "the detection time is 1.2 s, the hold time nine seconds")
      try await watched.scene.awaitLog("sent NOTIFICATION: Cease: BFD Down", of: watched.speaker, after: start)
      try await eventually("\(watched.kind.rawValue) has let the routes go", equals: true) {
        let routes = [
          try await watched.router.route(InteropScene.hostV6, from: watched.inside),
          try await watched.router.route(InteropScene.aggregate, from: watched.outside),
        ]
        return routes == [nil, nil]
      }
      #expect(try await watched.router.isEstablished(watched.far))
      try await watched.scene.port.heal()
      for peering in [watched.outside, watched.inside] { try await watched.awaitUp(peering, within: .seconds(15)) }
      #expect(try await watched.router.route(InteropScene.aggregate, from: watched.outside) != nil)
      #expect(!watched.log(from: start).contains("\"name\":\"far\""), "the third session has another path")
    }

    private func sessionsWaitForBFD(_ watched: Watched) async throws {
      let start = watched.scene.logLength(of: watched.speaker)
      try await watched.deafen()
      _ = try await watched.time(until: false, watched.outside)
      try await watched.scene.awaitLog("BGP waits until BFD is up again", of: watched.speaker, after: start)
      try await stays("TCP works, and BGP waits", equals: false, during: .seconds(4)) {
        try await watched.router.isEstablished(watched.outside)
      }
      try await watched.undeafen()
      let up = try await watched.time(until: true, watched.outside)
      #expect(up < .seconds(10), "BFD needs two packets, one a second; BGP alone would try again after two minutes")
      for peering in [watched.outside, watched.inside, watched.far] { try await watched.awaitUp(peering) }
    }

    private func profilesChangeWithoutAnEnd(_ watched: Watched) async throws {
      let start = watched.scene.logLength(of: watched.speaker)
      try await watched.scene.cluster.apply(Watched.profile("fast", milliseconds: 270))
      try await eventually("\(watched.kind.rawValue) knows the new pace", equals: true) {
        guard let frr = watched.router as? FRRRouter else {
          return try await watched.bfdLine(watched.outside)?.contains("0.270") ?? false
        }
        return try await frr.show("show bfd peers").contains("Receive interval: 270ms")
      }
      try await watched.scene.cluster.apply(Watched.profile("fast"))
      let log = watched.log(from: start)
      #expect(!log.contains("session down") && !log.contains("session is down"), "\(watched.kind)")
    }

    /// FRR's arrive with a TTL of 254, which is the most that a profile may ask for.
    private func packetsFromTooFarAwayCountNot(_ watched: Watched) async throws {
      let start = watched.scene.logLength(of: watched.speaker)
      try await watched.scene.cluster.apply(Watched.far(minimumTTL: watched.kind.ttl + 1))
      try await watched.scene.awaitLog("seem to come from too far away", of: watched.speaker, after: start)
      _ = try await watched.time(until: false, watched.far)
      try await watched.scene.cluster.apply(Watched.far(minimumTTL: watched.kind.ttl))
      try await watched.awaitUp(watched.far)
    }

    /// AdminDown says nothing about the path.
    private func switchingBFDOffIsNoFailure(_ watched: Watched, _ frr: FRRRouter) async throws {
      let start = watched.scene.logLength(of: watched.speaker)
      try await frr.configure("bfd", "profile rack", "shutdown")
      try await watched.scene.awaitLog("the neighbor has switched BFD off", of: watched.speaker, after: start)
      try await stays("BGP goes on", equals: true, during: .seconds(2)) {
        try await watched.router.isEstablished(watched.outside)
      }
      try await frr.configure("bfd", "profile rack", "no shutdown")
      for peering in [watched.outside, watched.inside, watched.far] { try await watched.awaitUp(peering) }
      #expect(!watched.log(from: start).contains("sessionDown"))
    }

    /// Both ends want Echo packets: over IPv4 ours detect, over IPv6 FRR is asked for none, as nobody would return them.
    private func echoPacketsDetectOverIPv4(_ watched: Watched, _ frr: FRRRouter) async throws {
      let start = watched.scene.logLength(of: watched.speaker)
      let echo = "echoMode: true\nechoInterval: 150"
      try await frr.configure("bfd", "profile rack", "echo-mode")
      try await watched.scene.cluster.apply(Watched.profile("patient", "passiveMode: true\n\(echo)"))
      try await stays("IPv6 goes on", equals: true, during: .seconds(3)) {
        try await watched.router.isEstablished(watched.inside)
      }
      try await frr.configure("bfd", "profile rack", "no echo-mode")
      #expect(!watched.log(from: start).contains("sessionDown"))

      try await watched.scene.router.namespace.set(["net.ipv4.ip_forward": "1"])
      try await watched.scene.cluster.apply(Watched.profile("fast", echo))
      try await stays("IPv4 goes on", equals: true, during: .seconds(2)) {
        try await watched.router.isEstablished(watched.outside)
      }
      try await watched.scene.router.namespace.set(["net.ipv4.ip_forward": "0"])
      try await watched.scene.awaitLog("Echo packets did not come back", of: watched.speaker, after: start)
      _ = try await watched.time(until: false, watched.outside)
    }
  }
}

extension RouterKind {
  /// What is left of the TTL of its BFD packets behind one router.
  fileprivate var ttl: Int { self == .frr ? 254 : 63 }
}
