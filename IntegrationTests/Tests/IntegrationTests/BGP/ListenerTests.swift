import Foundation
import Harness
import Testing

extension Everything.Aside.Networks {
  /// Routers that connect to the speaker: matched by address, signed where there is a password, strangers refused.
  @Suite(.timeLimit(.minutes(3)))
  struct ListenerTests {
    private static func bird(_ options: String, password: String = "rack-secret") -> String {
      """
      log stderr all;
      router id 198.18.1.2;
      protocol device {}
      protocol bgp outside {
        local \(BGPScene.routerAddress) as \(BGPScene.routerASN);
        neighbor \(BGPScene.nodeAddress) as \(BGPScene.nodeASN);
        password "\(password)"; hold time 9; error wait time 1, 2; connect delay time 1; connect retry time 2; \(options)
        ipv4 { import all; export none; };
        ipv6 { import all; export none; };
      }
      """
    }

    private func awaitRoute(at router: BIRDRouter) async throws {
      try await eventually("BIRD has the aggregate", within: .seconds(25)) {
        try await router.show("show route 192.168.5.0/24")
      } isRight: {
        $0.contains("outside")
      }
    }

    private func sockets(_ scene: BGPScene) async throws -> String {
      try await scene.node.run("ss", "-Htn", "state", "established").expectSuccess()
    }

    @Test func `a passive peer is connected to, with its password, and strangers are turned away`() async throws {
      try await BGPScene.with { scene in
        try await scene.cluster.apply(
          Manifest.password("rack", "rack-secret"), scene.peer("passwordSecret: {name: rack}\npassiveMode: true"))
        let speaker = try scene.cluster.startSpeaker("--bgp-listen-port=179")
        try await scene.awaitLog("listening for routers", of: speaker)
        let router = try await BIRDRouter.start(on: scene.router, Self.bird(""))
        try await self.awaitRoute(at: router)
        let established = try await self.sockets(scene)
        #expect(
          established.split(separator: "\n").contains {
            $0.contains("\(BGPScene.nodeAddress):179") && $0.contains("\(BGPScene.routerAddress):")
          }, "the router made the connection: \(established)")

        // Whoever has no signature gets no answer, and whoever is nobody's peer is reset; the session does not notice.
        try await scene.router.ip("address add 198.18.1.9/24 dev eth0")
        let dial =
          "import socket,sys\ns=socket.socket();s.settimeout(2);s.bind((sys.argv[1],0))\n"
          + "s.connect(('\(BGPScene.nodeAddress)',179));print('connected');print('received',s.recv(1))"
        let unsigned = try await scene.router.run("python3", "-c", dial, BGPScene.routerAddress)
        #expect(unsigned.error.contains("timed out"), "\(unsigned)")
        let stranger = try await scene.router.run("python3", "-c", dial, "198.18.1.9")
        #expect(stranger.error.contains("reset") || stranger.out.contains("received b''"), "\(stranger)")
        try await scene.awaitLog("connectionRefused", of: speaker)

        // A storm of them is refused at a bounded rate, and told of in a few lines.
        let storm =
          "import socket\nn=0\nfor i in range(2000):\n s=socket.socket();s.settimeout(0.05);s.bind(('198.18.1.9',0))\n"
          + " try:\n  s.connect(('\(BGPScene.nodeAddress)',179));n+=1\n except OSError: pass\n s.close()\nprint(n)"
        _ = try await scene.router.run("timeout", "8", "python3", "-c", storm)
        let refusals =
          (speaker.standardOutput + speaker.standardError).components(separatedBy: "connectionRefused").count - 1
        #expect(refusals <= 2, "told \(refusals) times")
        #expect(try await router.show("show protocols outside").contains("Established"))

        // A new password takes effect on the listening socket.
        try await scene.cluster.apply(Manifest.password("rack", "another-secret"))
        try await eventually("the session with the old password ends") {
          try await router.show("show protocols outside")
        } isRight: {
          !$0.contains("Established")
        }
        try await scene.cluster.apply(Manifest.password("rack", "rack-secret"))
        try await self.awaitRoute(at: router)
        #expect(await speaker.stop() == 0)
      }
    }

    @Test func `of two connections that cross one stays, and a port that is taken is waited for`() async throws {
      try await BGPScene.with { scene in
        try await scene.cluster.apply(scene.peer("password: rack-secret"))
        let squatter = try scene.node.start(
          "python3", "-c", "import socket,time\ns=socket.create_server(('',179));time.sleep(60)")
        try await eventually("the port is taken") {
          try await scene.node.run("ss", "-Hltn", "sport", "=", ":179").out
        } isRight: {
          !$0.isEmpty
        }
        let speaker = try scene.cluster.startSpeaker("--bgp-listen-port=179")
        try await scene.awaitLog("cannot listen for routers", of: speaker)
        await squatter.stop()
        try await scene.awaitLog("listening for routers", of: speaker)
        let router = try await BIRDRouter.start(on: scene.router, Self.bird(""))
        try await self.awaitRoute(at: router)
        // Both sides try at once whenever the session is reset; each time one connection remains.
        for _ in 0..<3 {
          let start = scene.logLength(of: speaker)
          try await router.show("restart outside")
          try await scene.awaitLog("BGP session established", of: speaker, after: start)
          try await self.awaitRoute(at: router)
        }
        try await eventually("there is one connection", equals: 1, within: .seconds(10)) {
          try await self.sockets(scene).split(separator: "\n").filter { $0.contains(BGPScene.routerAddress) }.count
        }
      }
    }

    @Test func `a passive peer without a listener is told to be one`() async throws {
      try await BGPScene.with { scene in
        try await scene.cluster.apply(scene.peer("passiveMode: true"))
        let speaker = try scene.cluster.startSpeaker()
        try await scene.awaitLog("start the speaker with --bgp-listen-port", of: speaker)
      }
    }
  }
}
