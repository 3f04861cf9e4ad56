import Harness
import Testing

/// A node and a router on one segment, and what the cluster is told before a test begins.
struct BGPScene: Sendable {
  let node: NetworkHost
  let router: NetworkHost
  /// Where the router is plugged in.
  let port: NetworkPort
  let nodePort: NetworkPort
  let cluster: BGPCluster

  static let nodeAddress = "198.18.1.1"
  static let routerAddress = "198.18.1.2"
  static let nodeAddressV6 = "2001:db8:1::1"
  static let routerAddressV6 = "2001:db8:1::2"

  /// Where the two have another interface each, with a router in between.
  static let nodeFarAddress = "198.18.3.1"
  static let farAddress = "198.18.2.2"

  /// The AS of the node where it is another than the router's: one that needs four octets.
  static let nodeASN = 4_200_000_001
  static let routerASN = 65116

  /// One aggregate with everything that can be said of a route, one host route of each family.
  static let configuration = [
    Manifest.pool("rack", "192.168.5.0/24", "2001:db8:5::/120"),
    """
    apiVersion: metallb.io/v1beta1
    kind: Community
    metadata:
      name: aliases
      namespace: metallb-system
    spec:
      communities:
      - {name: rack, value: "64700:120"}
      - {name: big, value: "large:64700:300:100"}
    """,
    Manifest.bgpAdvertisement(
      "aggregate",
      """
      ipAddressPools: [rack]
      aggregationLength: 24
      localPref: 250
      communities: [rack, big, "65535:65281"]
      asPathPrepend: 1
      med: 5
      """),
    Manifest.bgpAdvertisement("hosts", "ipAddressPools: [rack]\nlocalPref: 250"),
  ]

  /// Hands the scene to `body`; with a detour, there is also a way from the node to the router through another one.
  static func with(detour: Bool = false, _ body: (BGPScene) async throws -> Void) async throws {
    try await TestNetwork.with { network in
      let (node, router) = (try await network.addHost("node"), try await network.addHost("router"))
      let segment = try await network.addSegment("rack")
      let nodePort = try await segment.plug(node, "\(Self.nodeAddress)/24", "\(Self.nodeAddressV6)/64")
      let port = try await segment.plug(router, "\(Self.routerAddress)/24", "\(Self.routerAddressV6)/64")
      if detour { try await Self.addDetour(network, node, segment, router) }
      let cluster = try await BGPCluster.start(on: node)
      try await cluster.kubectl("apply", "-f", "-", input: Self.configuration.joined(separator: "\n---\n"))
      try await cluster.expose("web", "192.168.5.0,2001:db8:5::1")
      try await body(BGPScene(node: node, router: router, port: port, nodePort: nodePort, cluster: cluster))
    }
  }

  private static func addDetour(
    _ network: TestNetwork, _ node: NetworkHost, _ rack: NetworkSegment, _ router: NetworkHost
  ) async throws {
    let between = try await network.addHost("between", forwards: true)
    let beyond = try await network.addSegment("beyond")
    try await rack.plug(between, "198.18.1.254/24", "2001:db8:1::fe/64")
    try await beyond.plug(between, "198.18.2.254/24", "2001:db8:2::fe/64")
    try await beyond.plug(router, "\(Self.farAddress)/24", "2001:db8:2::2/64")
    try await node.ip(
      "address add \(Self.nodeFarAddress)/32 dev lo", "route add 198.18.2.0/24 via 198.18.1.254",
      "route add 2001:db8:2::/64 via 2001:db8:1::fe")
    try await between.ip("route add \(Self.nodeFarAddress)/32 via \(Self.nodeAddress)")
    try await router.ip("route add \(Self.nodeFarAddress)/32 via 198.18.2.254")
  }

  /// A peer over IPv4 in another AS, with routes of both families.
  func peer(_ extra: String = "") -> String {
    Manifest.bgpPeer(
      "external",
      """
      myASN: \(Self.nodeASN)
      peerASN: \(Self.routerASN)
      peerAddress: \(Self.routerAddress)
      holdTime: 9s
      dualStackAddressFamily: true
      \(extra)
      """)
  }

  /// A peer over IPv6 in the same AS.
  func internalPeer() -> String {
    Manifest.bgpPeer(
      "internal",
      "myASN: \(Self.routerASN)\ndynamicASN: internal\npeerAddress: \"\(Self.routerAddressV6)\"")
  }

  /// Waits until the log of a speaker says something, from a place in it on.
  @discardableResult
  func awaitLog(_ text: String, of speaker: ChildProcess, after start: Int = 0, within limit: Duration = .seconds(20))
    async throws -> String
  {
    try await eventually("the speaker's log says \(text)", within: limit) {
      String((speaker.standardOutput + speaker.standardError).dropFirst(start))
    } isRight: {
      $0.contains(text)
    }
  }

  func logLength(of speaker: ChildProcess) -> Int { (speaker.standardOutput + speaker.standardError).count }
}
