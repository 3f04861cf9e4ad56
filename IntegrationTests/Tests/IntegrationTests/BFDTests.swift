import Foundation
import Harness
import Testing

extension Everything.Aside.Networks {
  /// BFD sessions of the built binary with routers that others wrote: FRR and BIRD.
  @Suite(.timeLimit(.minutes(2)))
  struct BFDTests {
    static let silence = "down: nothing was heard for the detection time"
    static let disabled = "down: the neighbor has switched BFD off"

    /// Two hosts on one segment, each with an address of either family.
    private struct Rack {
      let network: TestNetwork
      let speaker: NetworkHost
      let router: NetworkHost
      let port: NetworkPort

      init(_ network: TestNetwork, routerForwards: Bool = false) async throws {
        self.network = network
        self.speaker = try await network.addHost("speaker")
        self.router = try await network.addHost("router", forwards: routerForwards)
        let segment = try await network.addSegment("rack")
        try await segment.plug(self.speaker, "198.18.1.1/24", "2001:db8:1::1/64")
        self.port = try await segment.plug(self.router, "198.18.1.2/24", "2001:db8:1::2/64")
      }

      /// Takes the line away without a sign, and returns when that was done at the latest.
      func silence() async throws -> Date {
        try await self.port.silence()
        return Date()
      }
    }

    /// A peer as `show bfd peers json` of FRR tells it.
    private struct Peer: Decodable {
      let peer: String
      let status: String
      let diagnostic: String
      let remoteDiagnostic: String
      let remoteReceiveInterval: Int
      let remoteTransmitInterval: Int
      let remoteDetectMultiplier: Int

      enum CodingKeys: String, CodingKey {
        case peer, status, diagnostic
        case remoteDiagnostic = "remote-diagnostic"
        case remoteReceiveInterval = "remote-receive-interval"
        case remoteTransmitInterval = "remote-transmit-interval"
        case remoteDetectMultiplier = "remote-detect-multiplier"
      }
    }

    private func peer(_ address: String, of router: FRRRouter) async throws -> Peer {
      let peers: [Peer] = try await router.read("show bfd peers json")
      return try #require(peers.first { $0.peer == address })
    }

    private func awaitStatus(_ status: String, of address: String, at router: FRRRouter) async throws -> Peer {
      try await eventually("FRR says that \(address) is \(status)", within: .seconds(10)) {
        try await self.peer(address, of: router)
      } isRight: {
        $0.status == status
      }
    }

    @Test(arguments: [("198.18.1.2", "198.18.1.1"), ("2001:db8:1::2", "2001:db8:1::1")])
    func `FRR and we agree, miss each other in time, and find each other again`(theirs: String, ours: String)
      async throws
    {
      try await TestNetwork.with { network in
        let rack = try await Rack(network)
        let router = try await FRRRouter.start(
          on: rack.router, [.bfdd: "bfd\n peer \(ours)\n  receive-interval 60\n  transmit-interval 70\n !\n!"])
        let probe = try BFDProbe.start(
          on: rack.speaker, with: theirs, "--receive-interval", "50", "--transmit-interval", "40",
          "--detect-multiplier", "4")
        try await probe.awaitChange(0, "up")
        let peer = try await self.awaitStatus("up", of: ours, at: router)
        #expect(peer.remoteDetectMultiplier == 4)
        try await eventually("FRR knows our pace", within: .seconds(5)) {
          try await self.peer(ours, of: router)
        } isRight: {
          $0.remoteReceiveInterval == 50 && $0.remoteTransmitInterval == 40
        }
        // FRR sends every 70 ms and multiplies by 3. A busy machine may wake us late, but not each time.
        var times: [TimeInterval] = []
        for round in 0..<3 {
          let cutAt = try await rack.silence()
          let down = try await probe.awaitChange(1 + 2 * round, Self.silence)
          times.append(down.at.timeIntervalSince(cutAt))
          let lost = try await self.awaitStatus("down", of: ours, at: router)
          #expect(lost.diagnostic == "control detection time expired")
          try await rack.port.heal()
          try await probe.awaitChange(2 + 2 * round, "up")
        }
        #expect(times.min() ?? 9 < 0.25 && times.allSatisfy { $0 < 2 }, "the detection time is 210 ms: \(times)")
        // Sessions begin slowly, and agree on their times once they are up (RFC 5880 section 6.8.3).
        try await Task.sleep(for: .seconds(2))
        let (summary, wasUp) = await probe.stop()
        #expect(wasUp)
        #expect(summary.contains("up, sending every 60 ms, missing packets after 210 ms"), "\(summary)")
        let farewell = try await self.awaitStatus("down", of: ours, at: router)
        #expect(farewell.remoteDiagnostic == "administratively down")
      }
    }

    @Test func `FRR's end switched off is no failure, its death is`() async throws {
      try await TestNetwork.with { network in
        let rack = try await Rack(network)
        let router = try await FRRRouter.start(
          on: rack.router, [.bfdd: "bfd\n peer 198.18.1.1\n  receive-interval 50\n  transmit-interval 50\n !\n!"])
        let probe = try BFDProbe.start(on: rack.speaker, with: "198.18.1.2", "--receive-interval", "50")
        try await probe.awaitChange(0, "up")
        try await router.configure("bfd", "peer 198.18.1.1", "shutdown")
        try await probe.awaitChange(1, Self.disabled)
        try await router.configure("bfd", "peer 198.18.1.1", "no shutdown")
        try await probe.awaitChange(2, "up")
        try await Task.sleep(for: .seconds(1))
        router.end(.bfdd, SIGKILL)
        let killedAt = Date()
        let down = try await probe.awaitChange(3, Self.silence)
        #expect(down.at.timeIntervalSince(killedAt) < 1, "the detection time is 150 ms")
        #expect(await probe.stop().wasUp == false)
      }
    }

    @Test func `FRR is met by its link-local address, and by passive ends`() async throws {
      try await TestNetwork.with { network in
        let rack = try await Rack(network)
        let ours = try await rack.speaker.run("ip", "-brief", "-6", "address", "show", "dev", "eth0", "scope", "link")
          .expectSuccess().split(separator: " ").first { $0.hasPrefix("fe80") }.map { $0.prefix { $0 != "/" } }
        let address = String(try #require(ours))
        let router = try await FRRRouter.start(
          on: rack.router, [.bfdd: "bfd\n peer \(address) interface eth0\n !\n peer 198.18.1.1\n  passive-mode\n !\n!"])
        let probe = try BFDProbe.start(
          on: rack.speaker, with: try await rack.port.linkLocalAddress(), "--interface", "eth0", "--passive-mode")
        try await probe.awaitChange(0, "up")
        _ = try await self.awaitStatus("up", of: address, at: router)
        _ = await probe.stop()
        let active = try BFDProbe.start(on: rack.speaker, with: "198.18.1.2", "--local", "198.18.1.1")
        try await active.awaitChange(0, "up")
      }
    }

    @Test func `Echo packets come back from FRR's host, and their absence is noticed`() async throws {
      try await TestNetwork.with { network in
        let rack = try await Rack(network, routerForwards: true)
        let router = try await FRRRouter.start(on: rack.router, [.bfdd: "bfd\n peer 198.18.1.1\n !\n!"])
        let probe = try BFDProbe.start(
          on: rack.speaker, with: "198.18.1.2", "--echo-mode", "--echo-interval", "20")
        try await probe.awaitChange(0, "up")
        _ = try await self.awaitStatus("up", of: "198.18.1.1", at: router)
        try await Task.sleep(for: .seconds(1))
        // Nothing is forwarded any more: FRR itself goes on, and only Echo packets can tell.
        try await rack.router.namespace.set(["net.ipv4.ip_forward": "0"])
        let stoppedAt = Date()
        let down = try await probe.awaitChange(1, "down: Echo packets did not come back")
        #expect(down.at.timeIntervalSince(stoppedAt) < 1, "3 x 50 ms, as FRR wants no more")
        try await probe.awaitChange(2, "up")
        try await rack.router.namespace.set(["net.ipv4.ip_forward": "1"])
        try await Task.sleep(for: .seconds(1))
        let (summary, wasUp) = await probe.stop()
        #expect(wasUp)
        #expect(summary.contains("echoing"), "\(summary)")
      }
    }

    @Test func `FRR's own Echo packets come back from a node`() async throws {
      try await TestNetwork.with { network in
        let rack = try await Rack(network, routerForwards: true)
        // As every node of a cluster does.
        try await rack.speaker.namespace.set(["net.ipv4.ip_forward": "1"])
        let router = try await FRRRouter.start(
          on: rack.router, [.bfdd: "bfd\n peer 198.18.1.1\n  echo-mode\n  echo-interval 100\n !\n!"])
        let probe = try BFDProbe.start(on: rack.speaker, with: "198.18.1.2", "--echo-mode")
        try await probe.awaitChange(0, "up")
        struct Counters: Decodable { let peer: String; let `echo-packet-input`: Int }
        try await eventually("FRR gets its Echo packets back", within: .seconds(10)) {
          let all: [Counters] = try await router.read("show bfd peers counters json")
          return all.first?.`echo-packet-input` ?? 0
        } isRight: {
          $0 > 20
        }
        #expect(probe.changes == ["up"])
      }
    }

    @Test(arguments: [("198.18.2.2", "198.18.1.1"), ("2001:db8:2::2", "2001:db8:1::1")])
    func `FRR and BIRD are met behind a router`(theirs: String, ours: String) async throws {
      try await TestNetwork.with { network in
        let speaker = try await network.addHost("speaker")
        let between = try await network.addHost("between", forwards: true)
        let far = try await network.addHost("far")
        let (near, beyond) = (try await network.addSegment("near"), try await network.addSegment("beyond"))
        try await near.plug(speaker, "198.18.1.1/24", "2001:db8:1::1/64")
        try await near.plug(between, "198.18.1.254/24", "2001:db8:1::fe/64")
        try await beyond.plug(between, "198.18.2.254/24", "2001:db8:2::fe/64")
        let port = try await beyond.plug(far, "198.18.2.2/24", "2001:db8:2::2/64")
        try await speaker.ip("route add 198.18.2.0/24 via 198.18.1.254", "route add 2001:db8:2::/64 via 2001:db8:1::fe")
        try await far.ip("route add 198.18.1.0/24 via 198.18.2.254", "route add 2001:db8:1::/64 via 2001:db8:2::fe")
        let router = try await FRRRouter.start(
          on: far, [.bfdd: "bfd\n peer \(ours) multihop local-address \(theirs)\n  minimum-ttl 250\n !\n!"])
        let near255 = try BFDProbe.start(
          on: speaker, with: theirs, "--multihop", "--local", ours, "--minimum-ttl", "254", "--for", "30")
        try await near255.awaitChange(0, "up")
        _ = try await self.awaitStatus("up", of: ours, at: router)
        try await port.silence()
        try await near255.awaitChange(1, Self.silence)
        try await port.heal()
        try await near255.awaitChange(2, "up")
        _ = await near255.stop()
        router.end(.bfdd, SIGKILL)

        let bird = try await BIRDRouter.start(
          on: far,
          """
          router id 198.18.2.2;
          protocol device {}
          protocol bfd { multihop { interval 100 ms; multiplier 3; }; neighbor \(ours) local \(theirs) multihop yes; }
          """)
        // BIRD sends with a TTL of 64 to peers behind routers.
        let again = try BFDProbe.start(
          on: speaker, with: theirs, "--multihop", "--local", ours, "--minimum-ttl", "63")
        try await again.awaitChange(0, "up")
        try await eventually("BIRD says that the session is up") {
          try await bird.show("show bfd sessions")
        } isRight: {
          $0.contains(ours) && $0.contains("Up")
        }
      }
    }

    @Test func `who pretends to be the router from farther away is not heard`() async throws {
      try await TestNetwork.with { network in
        let rack = try await Rack(network)
        // The packets of a neighbour that is configured for multihop have a full TTL; take one off on their way.
        _ = try await rack.router.run(
          "nft", "table ip far { chain out { type filter hook output priority 0; udp dport 3784 ip ttl set 254; }; }"
        )
        .expectSuccess()
        _ = try await FRRRouter.start(on: rack.router, [.bfdd: "bfd\n peer 198.18.1.1\n !\n!"])
        let probe = try BFDProbe.start(on: rack.speaker, with: "198.18.1.2", "--for", "3")
        try await Task.sleep(for: .seconds(3))
        let (summary, wasUp) = await probe.stop()
        #expect(!wasUp)
        #expect(summary.contains(" 0 received"), "the kernel drops them: \(summary)")
      }
    }

    @Test(arguments: [("198.18.1.2", "198.18.1.1"), ("2001:db8:1::2", "2001:db8:1::1")])
    func `BIRD and we agree, miss each other in time, and find each other again`(theirs: String, ours: String)
      async throws
    {
      try await TestNetwork.with { network in
        let rack = try await Rack(network)
        let router = try await BIRDRouter.start(
          on: rack.router,
          """
          router id 198.18.1.2;
          protocol device {}
          protocol bfd {
            interface "eth0" { min rx interval 60 ms; min tx interval 70 ms; multiplier 3; };
            neighbor \(ours) dev "eth0";
          }
          """)
        let probe = try BFDProbe.start(
          on: rack.speaker, with: theirs, "--receive-interval", "50", "--transmit-interval", "40")
        try await probe.awaitChange(0, "up")
        try await eventually("BIRD says that the session is up, and at which pace") {
          try await router.show("show bfd sessions")
        } isRight: {
          // Interval and timeout in seconds: 70 ms of its own, 3 x 60 ms of ours.
          $0.contains(ours) && $0.contains("Up") && $0.contains("0.070") && $0.contains("0.180")
        }
        let cutAt = try await rack.silence()
        let down = try await probe.awaitChange(1, Self.silence)
        #expect(down.at.timeIntervalSince(cutAt) < 1, "the detection time is 210 ms")
        try await rack.port.heal()
        try await probe.awaitChange(2, "up")
        router.end(SIGKILL)
        try await probe.awaitChange(3, Self.silence)
      }
    }
  }
}
