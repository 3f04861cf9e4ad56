import Foundation
import Harness
import Testing

extension Everything.Networks {
  /// The speaker and routers that others wrote: the core of what goes between the two.
  @Suite(.timeLimit(.minutes(3)))
  struct OtherRoutersTests {
    @Test func `GoBGP takes routes of both families`() async throws {
      try await BGPScene.with { scene in
        let file = try Workspace.current.file(
          "gobgp.toml",
          """
          [global.config]
            as = \(BGPScene.routerASN)
            router-id = "198.18.1.2"
          [[neighbors]]
            [neighbors.config]
              neighbor-address = "\(BGPScene.nodeAddress)"
              peer-as = \(BGPScene.nodeASN)
              auth-password = "rack-secret"
            [neighbors.transport.config]
              passive-mode = true
            [[neighbors.afi-safis]]
              [neighbors.afi-safis.config]
                afi-safi-name = "ipv4-unicast"
            [[neighbors.afi-safis]]
              [neighbors.afi-safis.config]
                afi-safi-name = "ipv6-unicast"
          """)
        _ = try scene.router.start("gobgpd", "-f", file)
        try await scene.cluster.apply(scene.peer("password: rack-secret"))
        let speaker = try scene.cluster.startSpeaker()
        func gobgp(_ words: String) async throws -> String {
          try await scene.router.run("sh", "-c", "gobgp \(words)").expectSuccess()
        }
        let table = try await eventually("GoBGP has the aggregate", within: .seconds(30)) {
          try await gobgp("global rib -a ipv4")
        } isRight: {
          $0.contains("192.168.5.0/24")
        }
        for part in [
          "\(BGPScene.nodeASN) \(BGPScene.nodeASN)", "{Med: 5}", "{Communities: 64700:120, no-export}",
          "64700:300:100",
        ] {
          #expect(table.contains(part), "\(part) in \(table)")
        }
        #expect(try await gobgp("global rib -a ipv6").contains("2001:db8:5::1/128"))
        _ = try await gobgp("neighbor \(BGPScene.nodeAddress) softresetin")
        _ = try await gobgp("neighbor \(BGPScene.nodeAddress) disable goodbye")
        try await scene.awaitLog("Cease: Administrative Shutdown", of: speaker)
      }
    }

    @Test func `OpenBGPD takes routes of both families`() async throws {
      try await BGPScene.with { scene in
        let socket = Workspace.current.newDirectory("openbgpd").appendingPathComponent("bgpd.sock").path
        let file = try Workspace.current.file(
          "bgpd.conf",
          """
          AS \(BGPScene.routerASN)
          router-id 198.18.1.2
          fib-update no
          socket "\(socket)"
          neighbor \(BGPScene.nodeAddress) {
            remote-as \(BGPScene.nodeASN)
            announce IPv4 unicast
            announce IPv6 unicast
            passive
          }
          allow from any

          """)
        // It reads only what nobody else can write, and changes its root to where its package keeps nothing.
        _ = try await run(["chmod", "600", file]).expectSuccess()
        _ = try await run(["mkdir", "-p", "/run/openbgpd"]).expectSuccess()
        _ = try scene.router.start("/usr/sbin/bgpd", "-d", "-f", file)
        try await scene.cluster.apply(scene.peer())
        let speaker = try scene.cluster.startSpeaker()
        func bgpctl(_ words: String) async throws -> String {
          try await scene.router.run("sh", "-c", "bgpctl -s \(socket) \(words)").expectSuccess()
        }
        let table = try await eventually("OpenBGPD has the routes", within: .seconds(30)) {
          try await bgpctl("show rib detail")
        } isRight: {
          $0.contains("192.168.5.0/24") && $0.contains("2001:db8:5::1/128")
        }
        for part in [
          "\(BGPScene.nodeASN) \(BGPScene.nodeASN)", "metric 5", "64700:120", "64700:300:100",
          "Nexthop \(BGPScene.nodeAddressV6)",
        ] {
          #expect(table.contains(part), "\(part) in \(table)")
        }
        _ = try await bgpctl("neighbor \(BGPScene.nodeAddress) refresh")
        _ = try await bgpctl("neighbor \(BGPScene.nodeAddress) down lunch")
        try await scene.awaitLog("lunch", of: speaker)
      }
    }

    @Test func `ExaBGP takes routes of both families`() async throws {
      try await BGPScene.with { scene in
        let output = Workspace.current.newDirectory("exabgp").appendingPathComponent("updates").path
        // ExaBGP's pipe does not block, which would end a `cat` at once.
        let script = try Workspace.current.file(
          "dump", "#!/bin/sh\nwhile read -r line; do printf '%s\\n' \"$line\" >>\(output); done\n")
        _ = try await run(["chmod", "755", script]).expectSuccess()
        let file = try Workspace.current.file(
          "exabgp.conf",
          """
          process dump {
            run \(script);
            encoder json;
          }
          neighbor \(BGPScene.nodeAddress) {
            router-id 198.18.1.2;
            local-address \(BGPScene.routerAddress);
            local-as \(BGPScene.routerASN);
            peer-as \(BGPScene.nodeASN);
            hold-time 9;
            passive true;
            family { ipv4 unicast; ipv6 unicast; }
            api { processes [ dump ]; receive { parsed; update; notification; } }
          }
          """)
        _ = try scene.router.start(
          "exabgp", file,
          environment: [
            "exabgp.tcp.bind": BGPScene.routerAddress, "exabgp.tcp.port": "179", "exabgp.daemon.user": "root",
          ])
        try await scene.cluster.apply(scene.peer())
        let speaker = try scene.cluster.startSpeaker()
        let updates = try await eventually("ExaBGP has the routes", within: .seconds(40)) {
          (try? String(contentsOfFile: output, encoding: .utf8)) ?? ""
        } isRight: {
          $0.contains("192.168.5.0/24") && $0.contains("2001:db8:5::1/128")
        }
        #expect(updates.contains("\(BGPScene.nodeASN), \(BGPScene.nodeASN)"), "\(updates.prefix(3000))")
        #expect(updates.contains("\"med\": 5"))
        #expect(await speaker.stop() == 0)
        // ExaBGP hands no NOTIFICATION on: what it heard before is that it should prefer other routes.
        try await eventually("ExaBGP hears the farewell") {
          (try? String(contentsOfFile: output, encoding: .utf8)) ?? ""
        } isRight: {
          $0.contains("[ 65535, 0 ]")
        }
      }
    }
  }
}
