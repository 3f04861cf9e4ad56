import Foundation
import Harness
import Testing

extension Everything.Networks {
  /// A node in two networks with the same addresses, one of them in a VRF: FRR is the router of each.
  @Suite(.enabled(if: GuestKernel.isRunning, "Scripts/kernel-tests runs these"), .timeLimit(.minutes(30)))
  struct KernelVRFTests {
    private struct Neighbor: Decodable {
      struct BFD: Decodable { var status: String }

      var bgpState: String
      var peerBfdInfo: BFD?
    }

    private struct Entry: Decodable {
      struct Path: Decodable { var nexthops: [Hop] }
      struct Hop: Decodable { var ip: String; var scope: String? }

      var paths: [Path]?
    }

    private static let routerAddress = BGPScene.routerAddress
    private static let nodeAddress = BGPScene.nodeAddress
    /// The node's other address in the VRF, beyond a hop for BFD and BGP alike.
    private static let nodeLoopback = "198.18.3.1"
    private static let farAddress = "198.18.2.2"

    private static func router(_ further: String...) -> [FRRRouter.Daemon: String] {
      let neighbors = [Self.nodeAddress, Self.nodeLoopback]
      let lines = neighbors.flatMap { neighbor in
        [
          "neighbor \(neighbor) remote-as \(BGPScene.nodeASN)", "neighbor \(neighbor) timers 10 60",
          "neighbor \(neighbor) timers connect 3",
        ]
      }
      let bgp = [
        "router bgp \(BGPScene.routerASN)", " bgp router-id 198.18.1.2", " no bgp default ipv4-unicast",
        " no bgp ebgp-requires-policy",
      ]
      let families = ["ipv4", "ipv6"].flatMap { family in
        [" address-family \(family) unicast"] + neighbors.map { "  neighbor \($0) activate" } + [" exit-address-family"]
      }
      return [
        .bgpd: (bgp + (lines + further).map { " \($0)" } + families).joined(separator: "\n"),
        .bfdd: "bfd\n profile slow\n  receive-interval 500\n  transmit-interval 500\n !\n!",
      ]
    }

    private static func peer(_ name: String, _ fields: String...) -> String {
      Manifest.bgpPeer(
        name,
        (["myASN: \(BGPScene.nodeASN)", "peerASN: \(BGPScene.routerASN)", "holdTime: 60s", "connectTime: 3s"] + fields)
          .joined(separator: "\n"))
    }

    private func awaitNeighbor(_ address: String, at router: FRRRouter, bfd: String? = nil) async throws {
      try await eventually("FRR has the session with \(address)", within: .seconds(30)) {
        let neighbors: [String: Neighbor] = try await router.read("show bgp neighbors \(address) json")
        return [neighbors[address]?.bgpState ?? "", (neighbors[address]?.peerBfdInfo?.status ?? "").lowercased()]
      } isRight: {
        $0[0] == "Established" && (bfd == nil || $0[1] == bfd)
      }
    }

    private func nextHops(of prefix: String, _ family: String, at router: FRRRouter) async throws -> Set<String> {
      let entry: Entry = try await router.read("show bgp \(family) unicast \(prefix) json")
      return Set((entry.paths ?? []).flatMap(\.nexthops).filter { $0.scope != "link-local" }.map(\.ip))
    }

    @Test func `sessions, BFD, passwords and next hops stay in their VRF, and routers may connect there`() async throws
    {
      try await TestNetwork.with { network in
        let node = try await network.addHost("node")
        let (red, plain) = (try await network.addHost("red"), try await network.addHost("plain"))
        try await node.ip("link add red type vrf table 100", "link set red up")
        for (router, name, subnet) in [(red, "red", "a"), (plain, "plain", "b")] {
          let segment = try await network.addSegment(name)
          let port = try await segment.plug(node)
          if router.name == "red" { try await node.ip("link set \(port.interface) master red") }
          try await node.ip(
            "address add \(Self.nodeAddress)/24 dev \(port.interface)",
            "address add 2001:db8:\(subnet)::1/64 dev \(port.interface) nodad")
          try await segment.plug(router, "\(Self.routerAddress)/24", "2001:db8:\(subnet)::2/64")
        }
        try await node.ip(
          "address add \(Self.nodeLoopback)/32 dev red", "route add 198.18.2.0/24 via \(Self.routerAddress) vrf red")
        try await red.ip(
          "address add \(Self.farAddress)/32 dev lo", "route add \(Self.nodeLoopback)/32 via \(Self.nodeAddress)")

        let redRouter = try await FRRRouter.start(
          on: red,
          Self.router(
            "neighbor \(Self.nodeAddress) password red-secret", "neighbor \(Self.nodeAddress) bfd profile slow",
            "neighbor \(Self.nodeLoopback) ebgp-multihop 5", "neighbor \(Self.nodeLoopback) bfd profile slow",
            "neighbor \(Self.nodeLoopback) update-source \(Self.farAddress)"))
        let plainRouter = try await FRRRouter.start(on: plain, Self.router())

        let cluster = try await BGPCluster.start(on: node)
        let secured = ["peerAddress: \(Self.routerAddress)", "vrf: red", "password: red-secret", "bfdProfile: slow"]
        try await cluster.apply(
          Manifest.pool("rack", "192.168.5.0/24", "2001:db8:5::/120"),
          Manifest.bgpAdvertisement("hosts", "ipAddressPools: [rack]"),
          Manifest.bfdProfile("slow", "receiveInterval: 500\ntransmitInterval: 500"),
          Self.peer("red", (secured + ["dualStackAddressFamily: true"]).joined(separator: "\n")),
          Self.peer(
            "far", "peerAddress: \(Self.farAddress)", "sourceAddress: \(Self.nodeLoopback)", "vrf: red",
            "ebgpMultiHop: true", "bfdProfile: slow"),
          Self.peer("plain", "peerAddress: \(Self.routerAddress)", "dualStackAddressFamily: true"),
          Self.peer("nowhere", "peerAddress: 198.18.9.9", "vrf: blue"))
        try await cluster.expose("web", "192.168.5.0,2001:db8:5::1")
        let speaker = try cluster.startSpeaker("--bgp-listen-port=179")
        try await self.awaitNeighbor(Self.nodeAddress, at: redRouter, bfd: "up")
        try await self.awaitNeighbor(Self.nodeLoopback, at: redRouter, bfd: "up")
        try await self.awaitNeighbor(Self.nodeAddress, at: plainRouter)
        try await eventually("the next hops are those of the VRF", within: .seconds(20)) {
          [
            try await self.nextHops(of: "192.168.5.0/32", "ipv4", at: redRouter),
            try await self.nextHops(of: "2001:db8:5::1/128", "ipv6", at: redRouter),
            try await self.nextHops(of: "192.168.5.0/32", "ipv4", at: plainRouter),
            try await self.nextHops(of: "2001:db8:5::1/128", "ipv6", at: plainRouter),
          ]
        } isRight: {
          $0 == [
            [Self.nodeAddress, Self.nodeLoopback], ["2001:db8:a::1"], [Self.nodeAddress], ["2001:db8:b::1"],
          ]
        }
        try await eventually("a VRF that is not there is named", within: .seconds(20)) {
          speaker.standardOutput + speaker.standardError
        } isRight: {
          $0.contains("there is no device \\\"blue\\\" for the VRF")
        }

        // From now on the router connects, and the listening socket of the VRF asks for its signature.
        try await cluster.apply(
          Self.peer("red", (secured + ["dualStackAddressFamily: true", "passiveMode: true"]).joined(separator: "\n")))
        try await redRouter.show("clear bgp \(Self.nodeAddress)")
        try await eventually("the router has connected in the VRF", within: .seconds(30)) {
          try await node.run("ss", "-Htn", "state", "established", "sport", "=", ":179").out
        } isRight: {
          $0.contains("\(Self.nodeAddress)%red:179")
        }
        try await self.awaitNeighbor(Self.nodeAddress, at: redRouter, bfd: "up")
        try await self.awaitNeighbor(Self.nodeAddress, at: plainRouter)

        // A VRF that goes takes its sessions along and no other; one that comes back is listened in again.
        try await node.ip("link delete red")
        try await eventually("the sessions of the VRF are lost", within: .seconds(40)) {
          let neighbors: [String: Neighbor] = try await redRouter.read("show bgp neighbors \(Self.nodeAddress) json")
          return neighbors[Self.nodeAddress]?.bgpState ?? ""
        } isRight: {
          $0 != "Established"
        }
        try await self.awaitNeighbor(Self.nodeAddress, at: plainRouter)
        try await node.ip(
          "link add red type vrf table 100", "link set red up", "link set eth0 master red",
          "address add \(Self.nodeLoopback)/32 dev red", "route add 198.18.2.0/24 via \(Self.routerAddress) vrf red")
        try await self.awaitNeighbor(Self.nodeAddress, at: redRouter, bfd: "up")
        try await self.awaitNeighbor(Self.nodeLoopback, at: redRouter, bfd: "up")
      }
    }
  }
}
