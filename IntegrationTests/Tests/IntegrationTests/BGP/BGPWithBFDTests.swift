import Foundation
import Harness
import Testing

extension Everything.Networks {
  /// BGPPeers with a BFDProfile: what becomes of BGP when BFD says that a path has failed, at FRR and at BIRD.
  @Suite(.timeLimit(.minutes(4)))
  struct BGPWithBFDTests {
    /// eBGP over IPv4, iBGP over IPv6 and eBGP through a router in between, each watched by BFD every 100 ms.
    private struct Watched {
      let scene: BGPScene
      let kind: RouterKind
      let router: any Router
      let speaker: ChildProcess
      let outside: Peering
      let inside: Peering
      let far: Peering

      static func with(_ kind: RouterKind, _ body: (Watched) async throws -> Void) async throws {
        let intervals = "{ min rx interval 100 ms; min tx interval 100 ms; multiplier 3; }"
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

      static func profile(_ name: String, milliseconds: Int = 100, _ more: String = "") -> String {
        Manifest.bfdProfile(
          name, "receiveInterval: \(milliseconds)\ntransmitInterval: \(milliseconds)\ndetectMultiplier: 3\n\(more)")
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
    }

    @Test func `a BGP session falls with its path, and comes back with it`() async {
      await withTaskGroup { group in
        for kind in [RouterKind.frr, .bird] {
          group.addTask {
            do {
              try await Watched.with(kind) { watched in
                try await self.sessionsFallWithTheirPath(watched)
                guard kind == .bird else { return }
                try await self.profilesChangeWithoutAnEnd(watched)
                try await self.packetsFromTooFarAwayCountNot(watched)
              }
            } catch {
              Issue.record("\(kind.rawValue): \(error)")
            }
          }
        }
      }
    }

    /// The link of two of the three sessions is cut; hold times are 9 and 90 seconds.
    private func sessionsFallWithTheirPath(_ watched: Watched) async throws {
      let start = watched.scene.logLength(of: watched.speaker)
      try await watched.scene.port.silence()
      let down = try await watched.time(until: false, watched.outside)
      #expect(down < .seconds(2), "the detection time is 300 ms")
      try await watched.scene.awaitLog("sent NOTIFICATION: Cease: BFD Down", of: watched.speaker, after: start)
      try await eventually("\(watched.kind.rawValue) has let the routes go", equals: true, within: .seconds(5)) {
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

    private func profilesChangeWithoutAnEnd(_ watched: Watched) async throws {
      let start = watched.scene.logLength(of: watched.speaker)
      try await watched.scene.cluster.apply(Watched.profile("fast", milliseconds: 170))
      try await eventually("\(watched.kind.rawValue) knows the new pace", equals: true) {
        try await watched.bfdLine(watched.outside)?.contains("0.170") ?? false
      }
      try await watched.scene.cluster.apply(Watched.profile("fast"))
      let log = watched.log(from: start)
      #expect(!log.contains("session down") && !log.contains("session is down"), "\(watched.kind)")
    }

    private func packetsFromTooFarAwayCountNot(_ watched: Watched) async throws {
      let start = watched.scene.logLength(of: watched.speaker)
      try await watched.scene.cluster.apply(Watched.far(minimumTTL: watched.kind.ttl + 1))
      try await watched.scene.awaitLog("seem to come from too far away", of: watched.speaker, after: start)
      _ = try await watched.time(until: false, watched.far)
      try await watched.scene.cluster.apply(Watched.far(minimumTTL: watched.kind.ttl))
      try await watched.awaitUp(watched.far)
    }
  }
}

extension RouterKind {
  /// What is left of the TTL of its BFD packets behind one router.
  fileprivate var ttl: Int { self == .frr ? 254 : 63 }
}
