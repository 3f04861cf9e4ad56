import Foundation
import Harness
import Testing

extension Everything.Clusters {
  /// The walkthrough of a rack: two top-of-rack routers in an AS of their own, workers in another, a password, an aggregate
  /// with communities, and what happens when a router or a worker dies.
  @Suite(.lab(nodes: 3, routers: 2), .timeLimit(.minutes(4)))
  struct BGPWalkthroughTests {
    let lab: Lab
    let kubectl: Kubectl

    static let routers = ["tor-1": "198.18.0.201", "tor-2": "198.18.0.202"]
    static let workers: Set = ["198.18.0.12", "198.18.0.13"]
    static let prefix = "192.168.5.0/24"
    /// Three packets, 100 ms apart, and what a busy machine may add until routes are gone from two routers in turn. Without
    /// BFD it takes the hold time, and the outage lasts as long as the client asks.
    static let detection = Duration.milliseconds(300) + .milliseconds(2500)

    init() async throws {
      self.lab = try await Lab.fresh()
      self.kubectl = self.lab.kubectl
    }

    private static func peer(_ name: String, _ address: String) -> String {
      Manifest.bgpPeer(
        name,
        """
        myASN: 64700
        peerASN: 65116
        peerAddress: \(address)
        passwordSecret: {name: rack}
        bfdProfile: rack
        connectTime: 1s
        nodeSelectors:
        - matchExpressions:
          - {key: node-role.kubernetes.io/control-plane, operator: DoesNotExist}
        """)
    }

    static let configuration = [
      Manifest.pool("rack", "192.168.5.0/24"), Manifest.password("rack", "rack-secret"),
      """
      apiVersion: metallb.io/v1beta1
      kind: BFDProfile
      metadata: {name: rack, namespace: metallb-system}
      spec: {receiveInterval: 100, transmitInterval: 100, detectMultiplier: 3}
      """,
      """
      apiVersion: metallb.io/v1beta1
      kind: Community
      metadata: {name: aliases, namespace: metallb-system}
      spec:
        communities:
        - {name: rack, value: "64700:120"}
        - {name: big, value: "large:64700:300:100"}
      """,
      Manifest.bgpAdvertisement(
        "rack", "ipAddressPools: [rack]\naggregationLength: 24\ncommunities: [rack, big]"),
    ]

    @Test func `a rack reaches its first service, and goes on when a router or a worker dies`() async throws {
      try await self.kubectl("label", "node", "node-1", "node-role.kubernetes.io/control-plane=", "--overwrite")
      for router in Self.routers.keys {
        try await self.lab.vtysh(
          router, "configure terminal", "router bgp 65116", "neighbor workers password rack-secret")
      }
      let documents = Self.configuration + Self.routers.map(Self.peer)
      try await self.kubectl("apply", "-f", "-", input: documents.joined(separator: "\n---\n"))
      try await self.kubectl.apply(
        Manifest.deployment("web", replicas: 3), Manifest.service("web", spec: "externalTrafficPolicy: Local"))
      try await self.kubectl("rollout", "status", "deployment/web", "--timeout=30s")
      try await self.lab.awaitAddress("192.168.5.0", of: "web")
      try await self.awaitWholeRack()
      for router in Self.routers.keys { try await self.checkRoutes(at: router) }
      try await self.lab.awaitAnswer(from: "192.168.5.0")
      try await self.routerDies()
      try await self.workerDies()
    }

    /// Both routers have both workers as next hops, the one behind them has both of them, and BFD watches all.
    private func awaitWholeRack() async throws {
      for router in Self.routers.keys {
        try await eventually("\(router) has both workers as next hops", equals: Self.workers, within: .seconds(30)) {
          try await self.lab.nextHops(Self.prefix, at: router)
        }
      }
      try await eventually("the router has both as next hops", equals: ["198.18.1.201", "198.18.1.202"]) {
        try await self.lab.nextHops(Self.prefix, at: "router")
      }
      try await eventually("four BFD sessions are told to be up", equals: 4, within: .seconds(30)) {
        try await self.kubectl("get", "bgpsessionstates", "--namespace=metallb-system", "--no-headers")
          .split(separator: "\n").filter { $0.contains("Established") && $0.hasSuffix("up") }.count
      }
    }

    private struct Table: Decodable {
      struct Path: Decodable {
        struct Text: Decodable { let string: String }
        struct Peer: Decodable { let peerId: String }
        let aspath: Text
        let community: Text?
        let largeCommunity: Text?
        let peer: Peer
      }

      let paths: [Path]
    }

    private func checkRoutes(at router: String) async throws {
      let text = try await self.lab.vtysh(router, "show bgp ipv4 unicast \(Self.prefix) json")
      let paths = try JSONDecoder().decode(Table.self, from: Data(text.utf8)).paths
      #expect(Set(paths.map(\.peer.peerId)) == Self.workers)
      #expect(paths.allSatisfy { $0.aspath.string == "64700" })
      #expect(paths.allSatisfy { $0.community?.string == "64700:120" })
      #expect(paths.allSatisfy { $0.largeCommunity?.string == "64700:300:100" })
      // The aggregate and nothing beside it; the node that is no worker has no session.
      let all = try await self.lab.vtysh(router, "show bgp ipv4 unicast")
      #expect(!all.contains("192.168.5.0/32"))
      let first = try await self.lab.vtysh(router, "show bgp neighbors 198.18.0.11")
      #expect(!first.contains("BGP state = Established"))
    }

    private func routerDies() async throws {
      let load = try await WebLoad.run(self.lab, "192.168.5.0", seconds: 6) { try await self.lab.kill("tor-1") }
      #expect(load.outage(slowerThan: .milliseconds(900)) < Self.detection)
      #expect(load.answered > load.requests.count * 3 / 4)
      try await eventually("the router has tor-2 alone as next hop", equals: ["198.18.1.202"]) {
        try await self.lab.nextHops(Self.prefix, at: "router")
      }
      try await self.lab.heal("tor-1")
      // Its power was gone, and with it what was typed into it.
      try await eventually("tor-1 takes its password again", within: .seconds(20)) {
        try await self.lab.vtysh(
          "tor-1", "configure terminal", "router bgp 65116", "neighbor workers password rack-secret")
      } isRight: { _ in
        true
      }
      try await self.awaitWholeRack()
    }

    private func workerDies() async throws {
      let load = try await WebLoad.run(self.lab, "192.168.5.0", seconds: 6) { try await self.lab.kill("node-3") }
      #expect(load.outage(slowerThan: .milliseconds(900)) < Self.detection)
      #expect(load.answered > load.requests.count * 3 / 4)
      for router in Self.routers.keys {
        try await eventually("\(router) has node-2 alone as next hop", equals: ["198.18.0.12"]) {
          try await self.lab.nextHops(Self.prefix, at: router)
        }
      }
      try await self.lab.heal("node-3")
      try await self.awaitWholeRack()
    }
  }
}
