import Foundation
import Harness
import Testing

extension Everything.Aside.Networks {
  /// What becomes of sessions when others fail, or routers do what they should not.
  @Suite(.timeLimit(.minutes(2)))
  struct BGPFaultTests {
    @Test func `a router that cannot be reached delays nothing else`() async throws {
      try await BGPScene.with { scene in
        let peering = InteropScene.outside
        let router = try await BIRDRouter.start(on: scene.router, asn: BGPScene.routerASN, [peering])
        try await scene.node.ip("route add blackhole 198.51.100.9/32")
        try await scene.cluster.apply(
          Manifest.bgpPeer("hole", "myASN: 64512\npeerASN: 64513\npeerAddress: 198.51.100.9"),
          Manifest.bgpPeer("silence", "myASN: 64512\npeerASN: 64513\npeerAddress: 198.18.1.77"),
          scene.peer("password: rack-secret"))
        _ = try scene.cluster.startSpeaker()
        try await eventually("BIRD has the aggregate", equals: true, within: .seconds(30)) {
          try await router.route(InteropScene.aggregate, from: peering) != nil
        }
        try await scene.cluster.expose("second", "192.168.5.8")
        let start = ContinuousClock.now
        try await eventually("a new Service arrives at once", equals: true) {
          try await router.route("192.168.5.8/32", from: peering) != nil
        }
        #expect(ContinuousClock.now - start < .seconds(5))
      }
    }

    /// A BGPPeer for a router of `ScriptedRouters`.
    private func peer(_ address: String, holdTime: Int = 6) -> String {
      Manifest.bgpPeer(
        "router-\(address.replacing(".", with: "-"))",
        """
        myASN: \(InteropScene.farASN)
        peerASN: \(ScriptedRouters.asn)
        peerAddress: \(address)
        holdTime: \(holdTime)s
        connectTime: 1s
        """)
    }

    private static let routes = ["192.168.5.0/24", "192.168.5.0/32"]

    @Test func `whatever a router says, it is told what was wrong, and others do not notice`() async throws {
      try await BGPScene.with { scene in
        try await scene.router.ip("address add 198.18.1.3/24 dev eth0")
        let routers = try await ScriptedRouters.start(
          on: scene.router, [BGPScene.routerAddress: .garbage, "198.18.1.3": .steady])
        try await scene.cluster.apply(self.peer("198.18.1.3"), self.peer(BGPScene.routerAddress))
        let speaker = try scene.cluster.startSpeaker()
        let status = try await eventually(
          "everything wrong has been said, and the router behaves", within: .seconds(90)
        ) {
          try #require(try routers.read()[BGPScene.routerAddress])
        } isRight: {
          $0.left == 0 && $0.prefixes == Self.routes
        }
        #expect(status.answers.count > 20)
        for (mistake, answer) in status.answers where answer[1] != "any" {
          #expect(answer[0] == answer[1], "\(mistake)")
        }
        let undisturbed = try #require(try routers.read()["198.18.1.3"])
        #expect(undisturbed.sessions == 1 && undisturbed.isUp && undisturbed.prefixes == Self.routes)
        #expect(speaker.isRunning)
      }
    }

    @Test func `a hundred routers have the routes, and one that flaps for a minute disturbs none of the others`()
      async throws
    {
      try await BGPScene.with { scene in
        let addresses = (100..<200).map { "198.18.1.\($0)" }
        try await scene.router.namespace.ip(addresses.map { "address add \($0)/24 dev eth0" }.joined(separator: "\n"))
        var behaviours = Dictionary(uniqueKeysWithValues: addresses.map { ($0, ScriptedRouters.Behaviour.steady) })
        behaviours["198.18.1.100"] = .flapping
        let routers = try await ScriptedRouters.start(on: scene.router, behaviours)
        let steady = addresses.dropFirst()
        try await scene.cluster.apply(addresses.map { self.peer($0) }.joined(separator: "\n---\n"))
        let speaker = try scene.cluster.startSpeaker()
        func awaitRoutes(_ routes: [String], _ what: String) async throws {
          try await eventually(what, within: .seconds(30)) {
            try routers.read()
          } isRight: { all in
            steady.allSatisfy { all[$0]?.prefixes == routes }
          }
        }
        try await awaitRoutes(Self.routes, "all routers have the routes")
        let (before, start) = (try Resources(of: speaker), ContinuousClock.now)
        func flaps() throws -> Int { try routers.read()["198.18.1.100"]?.sessions ?? 0 }
        try await eventually("one has flapped ten times", within: .seconds(40)) {
          try flaps()
        } isRight: {
          $0 > 10
        }
        try await scene.cluster.expose("second", "192.168.5.8")
        try await awaitRoutes(Self.routes + ["192.168.5.8/32"], "all routers have a new route")
        try await scene.cluster.kubectl("delete", "service", "second")
        try await awaitRoutes(Self.routes, "no router has the old route any more")
        try await ContinuousClock().sleep(until: start + .seconds(60))
        let after = try Resources(of: speaker)
        #expect(try routers.read().filter { $0.key != "198.18.1.100" }.allSatisfy { $0.value.sessions == 1 })
        #expect(after.memory - before.memory < 20, "megabytes, for sessions that came and went")
        print(
          "100 routers, \(try flaps()) flaps: \(after.memory) MB, \(after.processorTime - before.processorTime) s of processor time"
        )
      }
    }

    @Test func `why a router went is told, however much it said before`() async throws {
      try await BGPScene.with { scene in
        _ = try await ScriptedRouters.start(on: scene.router, [BGPScene.routerAddress: .leaving])
        try await scene.cluster.apply(self.peer(BGPScene.routerAddress))
        let log = try await scene.awaitLog("sessionDown", of: try scene.cluster.startSpeaker())
        #expect(log.contains(#"the peer sent NOTIFICATION: Cease: Administrative Shutdown, \"noon\""#))
      }
    }

    /// Seven routes, none of which fits into a message with another.
    private func bulk(med: Int) -> String {
      (25..<32).map { length in
        let communities = (0..<250).map { "\"large:64700:\(length):\($0)\"" }.joined(separator: ", ")
        return Manifest.bgpAdvertisement(
          "length-\(length)",
          """
          ipAddressPools: [rack]
          aggregationLength: \(length)
          aggregationLengthV6: \(length + 96)
          localPref: 250
          med: \(med)
          communities: [\(communities)]
          """)
      }.joined(separator: "\n---\n")
    }

    /// What the kernel has of a connection to a router that the router has not taken yet, in octets.
    private func backlog(_ router: String, _ scene: BGPScene) async throws -> Int {
      let line = try await scene.node.run("ss", "-tnH", "state", "established", "dst", router).expectSuccess()
      let fields = line.split(whereSeparator: \.isWhitespace)
      return try #require(fields.count > 1 ? Int(fields[1]) : nil, "\(line)")
    }

    @Test func `a router that reads nothing more holds up no other, costs no memory, and gets all once it is back`()
      async throws
    {
      let (deaf, other) = (BGPScene.routerAddress, "198.18.1.3")
      try await BGPScene.with { scene in
        try await scene.router.ip("address add \(other)/24 dev eth0")
        // So that the first few changes fill what the kernel holds for a connection.
        try await scene.node.namespace.set(["net.ipv4.tcp_wmem": "4096 16384 65536"])
        let routers = try await ScriptedRouters.start(on: scene.router, [deaf: .deaf, other: .steady])
        try await scene.cluster.apply(self.peer(other), self.peer(deaf, holdTime: 20))
        let speaker = try scene.cluster.startSpeaker()
        try await eventually("one has the routes, and the other the first of them", within: .seconds(30)) {
          try routers.read()
        } isRight: {
          $0[other]?.prefixes == Self.routes && $0[deaf]?.prefixes.isEmpty == false
        }
        let (start, read) = (scene.logLength(of: speaker), try routers.read()[other]?.updates ?? 0)
        var (backlogs, memory): ([Int], [Double]) = ([], [])
        for round in 1...6 {
          try await scene.cluster.apply(self.bulk(med: round))
          try await eventually("the other router has change \(round)", within: .seconds(10)) {
            try routers.read()[other]?.updates ?? 0
          } isRight: {
            $0 >= read + 7 * round
          }
          backlogs.append(try await self.backlog(deaf, scene))
          memory.append(try Resources(of: speaker).memory)
        }
        #expect(backlogs[5] > 20_000 && backlogs[5] == backlogs[4], "the connection takes nothing more: \(backlogs)")
        #expect(memory[5] - memory[1] < 10, "megabytes: \(memory)")
        #expect(!String((speaker.standardOutput + speaker.standardError).dropFirst(start)).contains("sessionDown"))

        // Its KEEPALIVEs go on, but it has had none of ours for the hold time.
        let log = try await scene.awaitLog("connection timed out", of: speaker, after: start, within: .seconds(30))
        #expect(log.contains("\"event\":\"sessionDown\",\"name\":\"router-198-18-1-2\""))
        let undisturbed = try #require(try routers.read()[other])
        #expect(undisturbed.sessions == 1 && undisturbed.isUp && undisturbed.prefixes.count == 9)
        try await eventually("the router is back, and has all", within: .seconds(20)) {
          try routers.read()[deaf]?.prefixes ?? []
        } isRight: {
          $0 == undisturbed.prefixes
        }
      }
    }

    @Test func `a clock that jumps ends no session`() async throws {
      try await BGPScene.with { scene in
        let peering = Peering(
          "outside", local: BGPScene.routerAddress, neighbor: BGPScene.nodeAddress, neighborASN: BGPScene.nodeASN,
          families: [.ipv4, .ipv6], bfd: "{ min rx interval 300 ms; min tx interval 300 ms; }")
        let router = try await BIRDRouter.start(on: scene.router, asn: BGPScene.routerASN, [peering])
        try await scene.cluster.apply(
          Manifest.bfdProfile("fast", "receiveInterval: 300\ntransmitInterval: 300"), scene.peer("bfdProfile: fast"))
        let clock = try Workspace.current.file("clock", "+0")
        let speaker = try scene.cluster.startSpeaker(environment: [
          "LD_PRELOAD": "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1", "FAKETIME_TIMESTAMP_FILE": clock,
          "FAKETIME_CACHE_DURATION": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1",
        ])
        // The library leaves its shared memory behind when its process is not ended by its own exit.
        defer {
          for file in ["faketime_shm_\(speaker.identifier)", "sem.faketime_sem_\(speaker.identifier)"] {
            try? FileManager.default.removeItem(atPath: "/dev/shm/\(file)")
          }
        }
        try await eventually("the session is established", equals: true, within: .seconds(30)) {
          try await router.isEstablished(peering)
        }
        try await scene.awaitLog("BFD session is up", of: speaker)
        let start = scene.logLength(of: speaker)
        for offset in ["+400d", "-400d"] {
          try offset.write(toFile: clock, atomically: false, encoding: .utf8)
          try await stays("the session is established", equals: true, during: .seconds(8)) {
            try await router.isEstablished(peering)
          }
          // It is in the new time.
          try await scene.cluster.expose("second", "192.168.5.\(offset.hasPrefix("+") ? 8 : 9)")
          let year = offset.hasPrefix("+") ? 1 : -1
          let now = Date(timeIntervalSinceNow: Double(year) * 400 * 86400).formatted(.iso8601.year().month())
          try await scene.awaitLog("\"ts\":\"\(now)", of: speaker, after: start)
        }
        let log = String((speaker.standardOutput + speaker.standardError).dropFirst(start))
        #expect(!log.contains("session down") && !log.contains("is down"))
      }
    }
  }
}
