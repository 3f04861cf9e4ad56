import Foundation
import Harness
import Testing

extension Everything.Aside.Networks {
  /// What a speaker tells of its sessions on `/status`, with BIRD at the other end.
  @Suite(.timeLimit(.minutes(2)))
  struct BGPStatusTests {
    private static let port = 17472

    /// The members of the document that are looked at.
    private struct Status: Decodable {
      struct BGP: Decodable { var peers: [Peer] }
      struct Peer: Decodable, Equatable {
        struct Prefixes: Decodable, Equatable { var desired, sent: Int }
        struct Messages: Decodable, Equatable { var updatesSent: Int }
        struct Agreement: Decodable, Equatable {
          var holdSeconds, keepaliveSeconds: Double
          var routerID: String
          var families: [String]
        }
        struct Failure: Decodable, Equatable { var text, side: String }
        var name, address, localASN, state: String
        var flaps: Int
        var prefixes: Prefixes
        var messages: Messages
        var agreement: Agreement?
        var lastError: Failure?
      }
      var bgp: BGP
    }

    private struct Reading: Equatable {
      var text: String
      var peer: Status.Peer?
    }

    private func read(_ scene: BGPScene) async throws -> Reading {
      let text = try await scene.node.run("curl", "--silent", "http://127.0.0.1:\(Self.port)/status").out
      let status = try? JSONDecoder().decode(Status.self, from: Data(text.utf8))
      return Reading(text: text, peer: status?.bgp.peers.first)
    }

    @Test func `a session is told with what was agreed on, and its end with who ended it and why`() async throws {
      try await BGPScene.with { scene in
        let router = try await BIRDRouter.start(
          on: scene.router, asn: BGPScene.routerASN, [InteropScene.outside, InteropScene.inside])
        try await scene.cluster.apply(scene.peer("password: rack-secret"))
        let speaker = try scene.cluster.startSpeaker(healthPort: Self.port)
        let reading = try await eventually("the session is told to be up", within: .seconds(30)) {
          try await self.read(scene)
        } isRight: {
          guard let peer = $0.peer, peer.state == "Established" else { return false }
          return peer.prefixes.sent > 0 && peer.prefixes.sent == peer.prefixes.desired
        }
        let up = try #require(reading.peer)
        #expect(up.name == "external" && up.address == "\(BGPScene.routerAddress):179" && up.flaps == 0)
        #expect(up.localASN == "\(BGPScene.nodeASN)" && up.messages.updatesSent > 0)
        let agreement = try #require(up.agreement)
        #expect(agreement.holdSeconds == 9 && agreement.keepaliveSeconds == 3)
        #expect(agreement.routerID == "198.18.1.2" && agreement.families.count == 2)
        #expect(!reading.text.contains("rack-secret"))

        _ = try await router.show("disable outside \"lunch\"")
        let down = try await eventually("its end is told") {
          try await self.read(scene).peer
        } isRight: {
          $0?.flaps == 1
        }
        let failure = try #require(down?.lastError)
        #expect(down?.state != "Established" && down?.agreement == nil)
        #expect(failure.side == "router" && failure.text.contains("lunch"), "\(failure)")
        _ = try await router.show("enable outside")
        try await eventually("it is up again", within: .seconds(30)) {
          try await self.read(scene).peer?.state
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
