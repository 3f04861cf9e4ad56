import Foundation
import Harness

/// A node in two networks with the same addresses, one of them in a VRF: FRR is the router of each, and watches with BFD.
struct VRFScene: Sendable {
  /// What a router knows of one session.
  struct Session: Decodable, Sendable, Equatable {
    struct BFD: Decodable, Sendable, Equatable { var type: String; var status: String }

    var bgpState: String
    var connectionsDropped: Int
    var peerBfdInfo: BFD?
  }

  let node: NetworkHost
  /// The node's interfaces in the VRF and in none.
  let redPort: NetworkPort
  let plainPort: NetworkPort
  let redRouter: FRRRouter
  let plainRouter: FRRRouter
  let cluster: BGPCluster

  static let routerAddress = BGPScene.routerAddress
  static let nodeAddress = BGPScene.nodeAddress
  /// The node's other address in the VRF, beyond a hop for BFD and BGP alike.
  static let nodeLoopback = BGPScene.nodeFarAddress
  static let farAddress = BGPScene.farAddress
  static let (redNodeV6, redRouterV6) = ("2001:db8:a::1", "2001:db8:a::2")
  static let (plainNodeV6, plainRouterV6) = ("2001:db8:b::1", "2001:db8:b::2")

  static func with(_ body: (VRFScene) async throws -> Void) async throws {
    try await TestNetwork.with { network in
      let node = try await network.addHost("node")
      let (red, plain) = (try await network.addHost("red"), try await network.addHost("plain"))
      let redPort = try await Self.connect(red, network, node, Self.redRouterV6)
      let plainPort = try await Self.connect(plain, network, node, Self.plainRouterV6)
      try await node.ip(
        "address add \(Self.nodeAddress)/24 dev \(redPort.interface)",
        "address add \(Self.nodeAddress)/24 dev \(plainPort.interface)",
        "address add \(Self.plainNodeV6)/64 dev \(plainPort.interface) nodad")
      try await red.ip(
        "address add \(Self.farAddress)/32 dev lo", "route add \(Self.nodeLoopback)/32 via \(Self.nodeAddress)")
      let (nodeV4, loopback, nodeV6) = (Self.nodeAddress, Self.nodeLoopback, Self.redNodeV6)
      let redRouter = try await FRRRouter.start(
        on: red,
        Self.daemons(
          [nodeV4, loopback, nodeV6], "neighbor \(nodeV4) password red-secret", "neighbor \(loopback) ebgp-multihop 5",
          "neighbor \(loopback) update-source \(Self.farAddress)",
          // With our source address in the VRF it is we who have to connect.
          "neighbor \(loopback) passive"))
      let plainRouter = try await FRRRouter.start(on: plain, Self.daemons([nodeV4]))
      let cluster = try await BGPCluster.start(on: node)
      let scene = VRFScene(
        node: node, redPort: redPort, plainPort: plainPort, redRouter: redRouter, plainRouter: plainRouter,
        cluster: cluster)
      try await scene.makeRed()
      try await cluster.apply(
        Manifest.pool("rack", "192.168.5.0/24", "2001:db8:5::/120"),
        Manifest.bgpAdvertisement("hosts", "ipAddressPools: [rack]"),
        Manifest.bfdProfile("slow", "receiveInterval: 1000\ntransmitInterval: 1000\ndetectMultiplier: 10"),
        Self.redPeer(), Self.peer("red-v6", "peerAddress: \"\(Self.redRouterV6)\"", "vrf: red"),
        Self.peer(
          "far", "peerAddress: \(Self.farAddress)", "sourceAddress: \(Self.nodeLoopback)", "vrf: red",
          "ebgpMultiHop: true"),
        Self.peer("plain", "peerAddress: \(Self.routerAddress)", "dualStackAddressFamily: true"))
      try await cluster.expose("web", "192.168.5.0,2001:db8:5::1")
      try await body(scene)
    }
  }

  private static func connect(
    _ router: NetworkHost, _ network: TestNetwork, _ node: NetworkHost, _ routerV6: String
  ) async throws -> NetworkPort {
    let segment = try await network.addSegment(router.name)
    let port = try await segment.plug(node)
    try await segment.plug(router, "\(Self.routerAddress)/24", "\(routerV6)/64")
    return port
  }

  /// Makes the VRF, with what an interface loses when it comes into one.
  func makeRed() async throws {
    let port = self.redPort.interface
    try await self.node.ip(
      "link add red type vrf table 100", "link set red up", "link set \(port) master red up",
      "address add \(Self.redNodeV6)/64 dev \(port) nodad", "address add \(Self.nodeLoopback)/32 dev red",
      "route add 198.18.2.0/24 via \(Self.routerAddress) vrf red")
  }

  /// Deletes the VRF. Its interface would be in none then, where another has the same networks.
  func deleteRed() async throws {
    try await self.node.ip("link delete red", "link set \(self.redPort.interface) down")
  }

  // MARK: - Objects

  static func redPeer(_ further: String...) -> String {
    Self.peer(
      "red",
      (["peerAddress: \(Self.routerAddress)", "vrf: red", "password: red-secret", "dualStackAddressFamily: true"]
        + further).joined(separator: "\n"))
  }

  static func peer(_ name: String, _ fields: String...) -> String {
    Manifest.bgpPeer(
      name,
      ([
        "myASN: \(BGPScene.nodeASN)", "peerASN: \(BGPScene.routerASN)", "holdTime: 60s", "connectTime: 3s",
        "bfdProfile: slow",
      ] + fields).joined(separator: "\n"))
  }

  // MARK: - Routers

  private static func daemons(_ neighbors: [String], _ further: String...) -> [FRRRouter.Daemon: String] {
    let lines = neighbors.flatMap { neighbor in
      [
        "neighbor \(neighbor) remote-as \(BGPScene.nodeASN)", "neighbor \(neighbor) timers 10 60",
        "neighbor \(neighbor) timers connect 3", "neighbor \(neighbor) bfd profile slow",
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
      .bfdd: "bfd\n profile slow\n  detect-multiplier 10\n  receive-interval 1000\n  transmit-interval 1000\n !\n!",
    ]
  }

  func session(with address: String, at router: FRRRouter) async throws -> Session? {
    let sessions: [String: Session] = try await router.read("show bgp neighbors \(address) json")
    return sessions[address]
  }

  /// Waits until a router has the session, and BFD is up on it.
  func awaitSession(_ address: String, at router: FRRRouter, isMultihop: Bool = false) async throws {
    try await eventually("FRR has the session with \(address)", within: .seconds(30), every: .seconds(1)) {
      try await self.session(with: address, at: router)
    } isRight: {
      $0?.bgpState == "Established" && $0?.peerBfdInfo?.status.lowercased() == "up"
        && $0?.peerBfdInfo?.type == (isMultihop ? "multi hop" : "single hop")
    }
  }

  func awaitSessionsOfRed() async throws {
    try await self.awaitSession(Self.nodeAddress, at: self.redRouter)
    try await self.awaitSession(Self.redNodeV6, at: self.redRouter)
    try await self.awaitSession(Self.nodeLoopback, at: self.redRouter, isMultihop: true)
  }

  /// Waits until a router has a prefix by just these next hops.
  func awaitNextHops(_ expected: Set<String>, of prefix: String, at router: FRRRouter) async throws {
    struct Entry: Decodable {
      struct Path: Decodable { var nexthops: [Hop] }
      struct Hop: Decodable { var ip: String; var scope: String? }

      var paths: [Path]?
    }
    let family = prefix.contains(":") ? "ipv6" : "ipv4"
    try await eventually("next hops of \(prefix)", within: .seconds(20), every: .seconds(1)) {
      let entry: Entry = try await router.read("show bgp \(family) unicast \(prefix) json")
      return Set((entry.paths ?? []).flatMap(\.nexthops).filter { $0.scope != "link-local" }.map(\.ip))
    } isRight: {
      $0 == expected
    }
  }
}
