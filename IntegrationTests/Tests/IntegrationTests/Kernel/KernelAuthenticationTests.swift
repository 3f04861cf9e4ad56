import Foundation
import Harness
import Testing

extension Everything.Aside.Networks {
  /// TCP's authentication option (RFC 5925), with a BIRD that has it and tcpdump as the judge of what is on the wire.
  @Suite(.enabled(if: GuestKernel.isRunning, "Scripts/kernel-tests runs these"), .timeLimit(.minutes(30)))
  struct KernelAuthenticationTests {
    private static func key(_ send: Int, _ receive: Int, _ secret: String, algorithm: String = "hmac sha1") -> String {
      "key { send id \(send); recv id \(receive); secret \"\(secret)\"; algorithm \(algorithm);"
    }

    private static func bird(_ keys: String...) -> String {
      let authentication = keys.isEmpty ? "" : "authentication ao; keys { \(keys.joined(separator: " ")) };"
      return """
        log stderr all;
        router id 198.18.1.2;
        protocol device {}
        protocol bgp rack {
          local \(BGPScene.routerAddress) as \(BGPScene.routerASN);
          neighbor \(BGPScene.nodeAddress) as \(BGPScene.nodeASN);
          \(authentication)
          passive on; hold time 90; error wait time 1, 2;
          ipv4 { import all; export none; };
        }
        """
    }

    private static func peer(_ keys: String..., extra: String = "") -> String {
      Manifest.bgpPeer(
        "rack",
        """
        myASN: \(BGPScene.nodeASN)
        peerASN: \(BGPScene.routerASN)
        peerAddress: \(BGPScene.routerAddress)
        holdTime: 90s
        connectTime: 2s
        tcpAO: {keys: [\(keys.joined(separator: ", "))]}
        \(extra)
        """)
    }

    private static func isEstablished(_ router: BIRDRouter) async throws -> Bool {
      try await router.show("show protocols rack").contains("Established")
    }

    private func awaitSession(_ router: BIRDRouter) async throws {
      try await eventually("BIRD has the session", equals: true, within: .seconds(20)) {
        try await Self.isEstablished(router)
      }
    }

    /// The numbers that the segments of one side bear, with those that it asks for: `1/1`.
    private func identifiers(_ capture: ChildProcess, from address: String, after start: Int) -> Set<String> {
      let lines = capture.standardOutput.dropFirst(start).split(separator: "\n").filter {
        $0.contains("IP \(address).")
      }
      return Set(
        lines.map { line in
          guard let match = line.firstMatch(of: /keyid (\d+),? rnextkeyid (\d+)/) else { return "none" }
          return "\(match.1)/\(match.2)"
        })
    }

    @Test func `BIRD and we sign, change keys without a break, and part when the keys differ`() async throws {
      try await BGPScene.with { scene in
        let capture = try scene.node.start("tcpdump", "-i", "eth0", "-l", "-n", "tcp", "port", "179")
        let program = try Tool.cached("bird-ao/bird")
        let router = try await BIRDRouter.start(
          on: scene.router, program: program, Self.bird(Self.key(1, 1, "first secret") + "};"))
        try await scene.cluster.apply(
          Manifest.password("rack-1", "first secret"), Manifest.password("rack-2", "second secret"),
          Self.peer("{sendID: 1, secret: {name: rack-1}}"))
        let speaker = try scene.cluster.startSpeaker()
        try await self.awaitSession(router)
        #expect(try await router.show("show route 192.168.5.0/24").contains("rack"))
        #expect(self.identifiers(capture, from: BGPScene.nodeAddress, after: 0) == ["1/1"])
        #expect(self.identifiers(capture, from: BGPScene.routerAddress, after: 0) == ["1/1"])

        // Both learn another key, one after the other; then each comes to prefer it, and the first is forgotten.
        let isUp = scene.logLength(of: speaker)
        let (first, second) = (
          Self.key(1, 1, "first secret"), Self.key(2, 3, "second secret", algorithm: "cmac aes128")
        )
        try await router.configure(Self.bird(first + " preferred; };", second + "};"))
        let ours = "{sendID: 3, recvID: 2, algorithm: aes-128-cmac-96, secret: {name: rack-2}}"
        try await scene.cluster.apply(Self.peer(ours, "{sendID: 1, secret: {name: rack-1}}"))
        try await scene.awaitLog("TCP-AO keys changed", of: speaker)
        try await router.configure(Self.bird(first + "};", second + " preferred; };"))
        let changed = capture.standardOutput.count
        try await scene.cluster.expose("more", "192.168.5.77")
        try await eventually("BIRD has one more route", within: .seconds(20)) {
          try await router.show("show route 192.168.5.77/32")
        } isRight: {
          $0.contains("rack")
        }
        try await eventually("both use the second key, each with its own number", within: .seconds(20)) {
          [
            self.identifiers(capture, from: BGPScene.nodeAddress, after: changed).contains("3/2"),
            self.identifiers(capture, from: BGPScene.routerAddress, after: changed).contains("2/3"),
          ]
        } isRight: {
          $0 == [true, true]
        }
        try await router.configure(Self.bird(second + " preferred; };"))
        try await scene.cluster.apply(Self.peer(ours))
        try await scene.awaitLog("\"count\":\"1\"", of: speaker, after: isUp)
        try await scene.cluster.expose("most", "192.168.5.78")
        try await eventually("BIRD has the last route", within: .seconds(20)) {
          try await router.show("show route 192.168.5.78/32")
        } isRight: {
          $0.contains("rack")
        }
        let log = (speaker.standardOutput + speaker.standardError).dropFirst(isUp)
        #expect(!log.contains("BGP session established") && !log.contains("BGP session down"), "\(log)")

        // Another secret under the same number is another key: the session ends, and the reason is named.
        let parting = scene.logLength(of: speaker)
        try await scene.cluster.apply(Manifest.password("rack-2", "a third secret"))
        try await scene.awaitLog(
          "no answer to the attempt to connect; the router may not have the TCP-AO key that it receives as 3",
          of: speaker,
          after: parting)
        #expect(try await Self.isEstablished(router) == false)
        // No key at the router is no better.
        try await scene.cluster.apply(Manifest.password("rack-2", "second secret"))
        try await self.awaitSession(router)
        try await router.configure(Self.bird())
        let unsigned = scene.logLength(of: speaker)
        try await scene.awaitLog(
          "no answer to the attempt to connect", of: speaker, after: unsigned, within: .seconds(40))
        #expect(try await Self.isEstablished(router) == false)
        await capture.stop()
      }
    }

    @Test func `a router that connects must sign, over IPv6 as well`() async throws {
      try await BGPScene.with { scene in
        func bird(_ keys: String) -> String {
          """
          log stderr all;
          router id 198.18.1.2;
          protocol device {}
          protocol bgp rack {
            local \(BGPScene.routerAddressV6) as \(BGPScene.routerASN);
            neighbor \(BGPScene.nodeAddressV6) as \(BGPScene.nodeASN);
            \(keys)
            error wait time 1, 2; connect delay time 1; connect retry time 2;
            ipv6 { import all; export none; };
          }
          """
        }
        try await scene.cluster.apply(
          Manifest.password("rack-1", "first secret"),
          Manifest.bgpPeer(
            "rack",
            """
            myASN: \(BGPScene.nodeASN)
            peerASN: \(BGPScene.routerASN)
            peerAddress: "\(BGPScene.routerAddressV6)"
            passiveMode: true
            tcpAO: {keys: [{sendID: 9, recvID: 8, secret: {name: rack-1}}]}
            """))
        let speaker = try scene.cluster.startSpeaker("--bgp-listen-port=179")
        try await scene.awaitLog("listening for routers", of: speaker)
        let router = try await BIRDRouter.start(
          on: scene.router, program: try Tool.cached("bird-ao/bird"),
          bird("authentication ao; keys { \(Self.key(8, 9, "first secret")) }; };"))
        try await self.awaitSession(router)
        #expect(try await router.show("show route 2001:db8:5::1/128").contains("rack"))
        // With a wrong key, and without one, nobody gets in.
        for wrong in ["authentication ao; keys { \(Self.key(8, 9, "other secret")) }; };", ""] {
          try await router.configure(bird(wrong))
          try await eventually("the session is gone", equals: false) { try await Self.isEstablished(router) }
          try await stays("nobody gets in", equals: false, during: .seconds(6)) {
            try await Self.isEstablished(router)
          }
        }
        try await router.configure(bird("authentication ao; keys { \(Self.key(8, 9, "first secret")) }; };"))
        try await self.awaitSession(router)
      }
    }
  }
}
