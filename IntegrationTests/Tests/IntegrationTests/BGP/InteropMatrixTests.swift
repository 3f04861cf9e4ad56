import Foundation
import Harness
import Testing

extension Everything.Aside.Networks {
  /// The speaker and five routers that others wrote: every cell of the matrix is read from the router's own tables.
  ///
  /// What a router does not have is in its `lacks`: a test fails when a cell is neither seen nor there, and when it is both.
  @Suite(.timeLimit(.minutes(4)))
  struct InteropMatrixTests {
    @Test func `each router gets what is configured, and every session ends and begins as it should`() async {
      await withTaskGroup { group in
        for kind in RouterKind.allCases {
          group.addTask {
            do {
              try await self.run(kind)
            } catch {
              Issue.record("\(kind.rawValue): \(error)")
            }
          }
        }
      }
    }

    private func run(_ kind: RouterKind) async throws {
      try await InteropScene.with(kind) { scene in
        try await self.routesArrive(&scene)
        try await self.changesArrive(&scene)
        try await self.notificationsAreUnderstood(&scene)
        try await self.silenceIsNoticed(&scene)
        try await self.passwordsAreChecked(&scene)
        try await self.theRouterIsKilled(&scene)
        try await self.theSpeakerIsReplaced(&scene)
      }
    }

    private func routesArrive(_ scene: inout InteropScene) async throws {
      try await scene.see(
        .dualStack, .external, .fourOctetASN, .prepend, .med, .communities, .largeCommunities, .password
      ) { scene in
        let aggregate = try await scene.awaitRoute(InteropScene.aggregate, from: InteropScene.outside)
        #expect(aggregate.asPath == [BGPScene.nodeASN, BGPScene.nodeASN])
        #expect(aggregate.nextHops == [BGPScene.nodeAddress])
        #expect(aggregate.med == 5)
        #expect(aggregate.localPreference != 250)
        #expect(aggregate.communities == ["64700:120", "65535:65281"])
        #expect(aggregate.largeCommunities == ["64700:300:100"])
        let host = try await scene.awaitRoute(InteropScene.host, from: InteropScene.outside)
        #expect(host.asPath == [BGPScene.nodeASN])
        #expect(host.med == nil && host.communities == [] && host.largeCommunities == [])
        let hostV6 = try await scene.awaitRoute(InteropScene.hostV6, from: InteropScene.outside)
        #expect(hostV6.nextHops.contains(BGPScene.nodeAddressV6), "\(hostV6)")
      }
      try await scene.see(.ipv6, .internal, .localPreference) { scene in
        let route = try await scene.awaitRoute(InteropScene.hostV6, from: InteropScene.inside)
        #expect(route.asPath == [])
        #expect(route.localPreference == 250)
        #expect(route.nextHops.contains(BGPScene.nodeAddressV6), "\(route)")
        #expect(try await scene.router.route(InteropScene.host, from: InteropScene.inside) == nil)
      }
      try await scene.see(.ipv4, .multihop) { scene in
        let route = try await scene.awaitRoute(InteropScene.host, from: InteropScene.far)
        #expect(route.asPath == [InteropScene.farASN])
        #expect(route.nextHops == [BGPScene.nodeFarAddress])
        #expect(try await scene.router.route(InteropScene.hostV6, from: InteropScene.far) == nil)
      }
    }

    private func changesArrive(_ scene: inout InteropScene) async throws {
      try await scene.see(.changes) { scene in
        try await scene.scene.cluster.expose("second", "192.168.5.7")
        try await scene.awaitRoute("192.168.5.7/32", from: InteropScene.outside)
        try await scene.scene.cluster.kubectl("delete", "service", "second")
        try await eventually("a deleted Service goes", equals: true) {
          try await scene.router.route("192.168.5.7/32", from: InteropScene.outside) == nil
        }
      }
      guard !scene.lacks(.routeRefresh) else { return }
      try await scene.see(.routeRefresh) { scene in
        let before = try await scene.router.updateCount(from: InteropScene.outside)
        try await scene.router.requestRefresh(of: InteropScene.outside)
        try await eventually("the routes are sent again") {
          try await scene.router.updateCount(from: InteropScene.outside)
        } isRight: {
          $0 > before
        }
        for prefix in [InteropScene.aggregate, InteropScene.host, InteropScene.hostV6] {
          #expect(try await scene.router.route(prefix, from: InteropScene.outside) != nil)
        }
        #expect(try await scene.router.isEstablished(InteropScene.outside))
      }
    }

    private func notificationsAreUnderstood(_ scene: inout InteropScene) async throws {
      try await scene.see(.notificationFromRouter) { scene in
        let start = scene.logLength
        try await scene.router.shutDown(InteropScene.inside, saying: "out for lunch")
        try await scene.awaitLog("Cease: Administrative Shutdown", after: start)
      }
      if !scene.lacks(.shutdownText) {
        try await scene.see(.shutdownText) { scene in
          try await scene.awaitLog("out for lunch", after: 0)
        }
      }
      try await scene.awaitEnd(of: InteropScene.inside)
      try await scene.router.bringUp(InteropScene.inside)
      try await scene.awaitSession(InteropScene.inside)
      try await scene.scene.cluster.kubectl("delete", "bgppeer", "inside", "--namespace=metallb-system")
      if scene.lacks(.notificationToRouter) {
        try await scene.awaitEnd(of: InteropScene.inside)
      } else {
        try await scene.see(.notificationToRouter) { scene in
          try await scene.awaitFarewell(.peerDeconfigured, from: InteropScene.inside)
        }
      }
      let router = scene.router
      try await eventually("its routes are gone", equals: true) {
        try await router.route(InteropScene.hostV6, from: InteropScene.inside) == nil
      }
      #expect(try await scene.router.isEstablished(InteropScene.outside))
      try await scene.scene.cluster.apply(InteropScene.insidePeer)
    }

    private func silenceIsNoticed(_ scene: inout InteropScene) async throws {
      // The router hears us, and we do not hear it: TCP soon keeps back what we say as well.
      try await scene.see(.holdTimeHere) { scene in
        let start = scene.logLength
        try await scene.dropping(to: BGPScene.nodeAddress, from: BGPScene.routerAddress, at: "output") {
          try await scene.awaitLog("sent NOTIFICATION: Hold Timer Expired", after: start, within: .seconds(14))
          try await scene.awaitEnd(of: InteropScene.outside)
        }
        try await scene.awaitSession(InteropScene.outside)
      }
      try await scene.see(.holdTimeThere) { scene in
        scene.speaker.signal(SIGSTOP)
        try await scene.awaitEnd(of: InteropScene.outside)
        scene.speaker.signal(SIGCONT)
        try await scene.awaitSession(InteropScene.outside)
        try await scene.awaitRoute(InteropScene.aggregate, from: InteropScene.outside)
      }
      #expect(try await scene.router.isEstablished(InteropScene.far))
    }

    private func passwordsAreChecked(_ scene: inout InteropScene) async throws {
      try await scene.see(.wrongPassword) { scene in
        try await scene.scene.cluster.apply(Manifest.password("rack", "another-secret"))
        try await eventually("a session with another password ends", equals: false) {
          try await scene.router.isEstablished(InteropScene.outside)
        }
        try await stays("nothing is established", equals: false, during: .seconds(3)) {
          try await scene.router.isEstablished(InteropScene.outside)
        }
        #expect(try await scene.router.isEstablished(InteropScene.far))
        try await scene.scene.cluster.apply(Manifest.password("rack", "rack-secret"))
        try await scene.awaitSession(InteropScene.outside)
      }
    }

    private func theRouterIsKilled(_ scene: inout InteropScene) async throws {
      try await scene.see(.routerRestart) { scene in
        let start = scene.logLength
        scene.router.kill()
        try await scene.awaitLog("BGP session down", after: start)
        try await scene.router.restart()
        for peering in [InteropScene.outside, InteropScene.inside, InteropScene.far] {
          try await scene.awaitSession(peering)
        }
        try await scene.awaitRoute(InteropScene.aggregate, from: InteropScene.outside)
        try await scene.awaitRoute(InteropScene.hostV6, from: InteropScene.inside)
        try await scene.awaitRoute(InteropScene.host, from: InteropScene.far)
      }
    }

    /// Sessions without graceful restart are drained; one with it keeps its routes until the successor is there.
    private func theSpeakerIsReplaced(_ scene: inout InteropScene) async throws {
      try await scene.see(.gracefulShutdown) { scene in
        let router = scene.router
        // The routers of the other rows are busy, too, and may keep this one from an answer within the two seconds.
        var attempts = 1
        while !(try await self.seesDrain(scene)) {
          try #require(attempts < 3, "the router is never asked to prefer other routes")
          attempts += 1
          scene.speaker = try scene.scene.cluster.startSpeaker()
          try await scene.awaitRoute(InteropScene.host, from: InteropScene.far)
        }
        if !scene.lacks(.notificationToRouter) {
          try await scene.awaitFarewell(.administrativeShutdown, from: InteropScene.far)
        }
        try await eventually("its routes are gone", equals: true) {
          try await router.route(InteropScene.host, from: InteropScene.far) == nil
        }
      }
      try await self.routesAreKept(&scene)
    }

    /// Stops the speaker; whether the router was seen to be asked to prefer other routes meanwhile.
    private func seesDrain(_ scene: InteropScene) async throws -> Bool {
      let (router, speaker) = (scene.router, scene.speaker)
      async let code = speaker.stop()
      var isSeen = false
      while !isSeen, speaker.isRunning {
        isSeen = try await router.route(InteropScene.host, from: InteropScene.far)?.communities == ["65535:0"]
      }
      #expect(await code == 0)
      return isSeen
    }

    private func routesAreKept(_ scene: inout InteropScene) async throws {
      guard !scene.lacks(.gracefulRestart) else { return }
      try await scene.see(.gracefulRestart) { scene in
        try await scene.awaitEnd(of: InteropScene.outside)
        scene.speaker = try scene.scene.cluster.startSpeaker()
        let deadline = ContinuousClock.now + .seconds(30)
        var isBack = false
        repeat {
          isBack = try await scene.router.isEstablished(InteropScene.outside)
          for prefix in [InteropScene.aggregate, InteropScene.host, InteropScene.hostV6] {
            _ = try #require(try await scene.router.route(prefix, from: InteropScene.outside), "\(prefix) was let go")
          }
        } while !isBack && ContinuousClock.now < deadline
        try #require(isBack)
        try await eventually("the successor's routes are no stale ones", equals: false) {
          try await scene.router.route(InteropScene.aggregate, from: InteropScene.outside)?.isStale ?? true
        }
        try await stays("the routes are there", equals: true, during: .seconds(1)) {
          try await scene.router.route(InteropScene.hostV6, from: InteropScene.outside) != nil
        }
      }
    }
  }
}
