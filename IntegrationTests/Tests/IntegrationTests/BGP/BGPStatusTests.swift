import Foundation
import Harness
import Testing

extension Everything.Networks {
  /// What a speaker tells of its sessions on `/status`, with BIRD at the other end.
  @Suite(.timeLimit(.minutes(2)))
  struct BGPStatusTests {
    private static let port = 17472

    private func read(_ scene: BGPScene) async throws -> (text: String, peer: [String: Any]?) {
      let text = try await scene.node.run("curl", "--silent", "http://127.0.0.1:\(Self.port)/status").out
      let status = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
      let bgp = status?["bgp"] as? [String: Any]
      return (text, (bgp?["peers"] as? [[String: Any]])?.first)
    }

    @Test func `a session is told with what was agreed on, and its end with who ended it and why`() async throws {
      try await BGPScene.with { scene in
        let router = try await BIRDRouter.start(on: scene.router, BIRDTests.configuration)
        try await scene.cluster.apply(scene.peer("password: rack-secret"))
        let speaker = try scene.cluster.startSpeaker(healthPort: Self.port)
        let (text, up) = try await eventually("the session is told to be up", within: .seconds(30)) {
          try await self.read(scene)
        } isRight: { reading in
          let prefixes = reading.peer?["prefixes"] as? [String: Int]
          return reading.peer?["state"] as? String == "Established" && prefixes?["sent"] == prefixes?["desired"]
        }
        #expect(up?["name"] as? String == "external" && up?["address"] as? String == "\(BGPScene.routerAddress):179")
        #expect(up?["localASN"] as? String == "\(BGPScene.nodeASN)" && up?["flaps"] as? Int == 0)
        #expect(((up?["prefixes"] as? [String: Int])?["sent"] ?? 0) > 0)
        let agreement = try #require(up?["agreement"] as? [String: Any])
        #expect(agreement["holdSeconds"] as? Double == 9 && agreement["keepaliveSeconds"] as? Double == 3)
        #expect(agreement["routerID"] as? String == "198.18.1.2" && (agreement["families"] as? [String])?.count == 2)
        #expect(((up?["messages"] as? [String: Any])?["updatesSent"] as? Int ?? 0) > 0)
        #expect(!text.contains("rack-secret"))

        _ = try await router.show("disable outside \"lunch\"")
        let (_, down) = try await eventually("its end is told") {
          try await self.read(scene)
        } isRight: {
          $0.peer?["flaps"] as? Int == 1
        }
        let failure = try #require(down?["lastError"] as? [String: Any])
        #expect(down?["state"] as? String != "Established" && down?["agreement"] == nil)
        #expect(failure["side"] as? String == "router", "\(failure)")
        #expect((failure["text"] as? String)?.contains("lunch") == true, "\(failure)")
        _ = try await router.show("enable outside")
        try await eventually("it is up again", within: .seconds(30)) {
          try await self.read(scene).peer?["state"] as? String
        } isRight: {
          $0 == "Established"
        }
        await speaker.stop()
      }
    }

    @Test func `where it is turned off there is no status, and health all the same`() async throws {
      try await BGPScene.with { scene in
        let speaker = try scene.cluster.startSpeaker(healthPort: Self.port, "--no-status")
        try await eventually("the speaker is healthy", equals: "ok") {
          try await scene.node.run("curl", "--silent", "http://127.0.0.1:\(Self.port)/healthz").out
        }
        #expect(try await self.read(scene).text == "not found\n")
        await speaker.stop()
      }
    }
  }
}
