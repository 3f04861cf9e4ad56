import Foundation
import Harness
import Testing

extension Everything.Aside.Networks {
  /// Who is further away than configured is not heard, whatever he sends (RFC 5082).
  @Suite(.timeLimit(.minutes(2)))
  struct TTLSecurityTests {
    private struct Neighbor: Decodable { var bgpState: String }

    private static func configuration(_ neighbor: String...) -> String {
      """
      router bgp \(BGPScene.routerASN)
       bgp router-id 198.18.1.2
       no bgp ebgp-requires-policy
       neighbor \(BGPScene.nodeAddress) remote-as \(BGPScene.nodeASN)
       neighbor \(BGPScene.nodeAddress) timers 3 9
       neighbor \(BGPScene.nodeAddressV6) remote-as \(BGPScene.nodeASN)
       neighbor \(BGPScene.nodeAddressV6) timers 3 9
       neighbor \(BGPScene.nodeAddress) timers connect 2
       neighbor \(BGPScene.nodeAddressV6) timers connect 2
      \(neighbor.map { " \($0)" }.joined(separator: "\n"))
       address-family ipv6 unicast
        neighbor \(BGPScene.nodeAddressV6) activate
       exit-address-family
      """
    }

    private static func peers(hops: Int) -> [String] {
      [("four", BGPScene.routerAddress), ("six", BGPScene.routerAddressV6)].map { name, address in
        Manifest.bgpPeer(
          name,
          """
          myASN: \(BGPScene.nodeASN)
          peerASN: \(BGPScene.routerASN)
          peerAddress: "\(address)"
          holdTime: 9s
          ttlSecurityHops: \(hops)
          """)
      }
    }

    private func states(at router: FRRRouter) async throws -> [String] {
      var states: [String] = []
      for address in [BGPScene.nodeAddress, BGPScene.nodeAddressV6] {
        let neighbors: [String: Neighbor] = try await router.read("show bgp neighbors \(address) json")
        states.append(neighbors[address]?.bgpState ?? "")
      }
      return states
    }

    @Test func `FRR that checks the TTL is a neighbour, and FRR that sends with a TTL of one is not`() async throws {
      try await BGPScene.with { scene in
        let router = try await FRRRouter.start(
          on: scene.router,
          [
            .bgpd: Self.configuration(
              "neighbor \(BGPScene.nodeAddress) ttl-security hops 1",
              "neighbor \(BGPScene.nodeAddressV6) ttl-security hops 1")
          ])
        for peer in Self.peers(hops: 1) { try await scene.cluster.apply(peer) }
        // FRR connects as well: what comes in is judged like what goes out.
        let speaker = try scene.cluster.startSpeaker("--bgp-listen-port=179")
        try await eventually("both sessions are up", equals: ["Established", "Established"], within: .seconds(30)) {
          try await self.states(at: router)
        }

        // Every packet of the router loses one on its way from now on, as behind another router.
        let start = scene.logLength(of: speaker)
        _ = try await scene.node.run(
          "nft", "-f", "-",
          input: """
            table netdev far {
              chain further {
                type filter hook ingress device eth0 priority 0
                ip protocol tcp ip ttl set 254
                ip6 nexthdr tcp ip6 hoplimit set 254
              }
            }

            """
        ).expectSuccess()
        try await scene.awaitLog("Hold Timer Expired", of: speaker, after: start, within: .seconds(20))
        try await eventually("both sessions are lost", within: .seconds(20)) {
          try await self.states(at: router)
        } isRight: {
          !$0.contains("Established")
        }
        try await stays("nobody is heard", equals: true, during: .seconds(3)) {
          try await self.states(at: router).allSatisfy { $0 != "Established" }
        }
        try await scene.awaitLog("further away than the peer's ttlSecurityHops allow", of: speaker, after: start)
        // Two hops are what that is.
        for peer in Self.peers(hops: 2) { try await scene.cluster.apply(peer) }
        try await eventually(
          "both sessions are up again", equals: ["Established", "Established"], within: .seconds(30)
        ) {
          try await self.states(at: router)
        }
      }
    }
  }
}
