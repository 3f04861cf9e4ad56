import Foundation
import Harness
import Testing

/// The three sessions of the matrix between the speaker and one router, and which of its cells have been seen.
///
///     node ──── rack ──── router        outside: eBGP over IPv4, both families, MD5, graceful restart
///        │                 │            inside:  iBGP over IPv6
///        └──── between ────┘            far:     eBGP between addresses beyond a router, IPv4
struct InteropScene {
  let scene: BGPScene
  let router: any Router
  var speaker: ChildProcess
  private(set) var seen: Set<InteropCell> = []

  /// An AS of two octets.
  static let farASN = 64700

  static let outside = Peering(
    "outside", local: BGPScene.routerAddress, neighbor: BGPScene.nodeAddress, neighborASN: BGPScene.nodeASN,
    families: [.ipv4, .ipv6], password: "rack-secret", keepsRoutes: true)
  static let inside = Peering(
    "inside", local: BGPScene.routerAddressV6, neighbor: BGPScene.nodeAddressV6, neighborASN: BGPScene.routerASN,
    families: [.ipv6])
  static let far = Peering(
    "far", local: BGPScene.farAddress, neighbor: BGPScene.nodeFarAddress, neighborASN: Self.farASN, families: [.ipv4],
    isMultihop: true)

  static let aggregate = "192.168.5.0/24"
  static let host = "192.168.5.0/32"
  static let hostV6 = "2001:db8:5::1/128"

  static func with(_ kind: RouterKind, _ body: (inout InteropScene) async throws -> Void) async throws {
    try await BGPScene.with(detour: true) { scene in
      let router = try await kind.type.start(
        on: scene.router, asn: BGPScene.routerASN, [Self.outside, Self.inside, Self.far])
      try await scene.cluster.apply(
        Manifest.password("rack", "rack-secret"),
        Manifest.bgpPeer(
          "outside",
          """
          myASN: \(BGPScene.nodeASN)
          peerASN: \(BGPScene.routerASN)
          peerAddress: \(BGPScene.routerAddress)
          holdTime: 6s
          connectTime: 2s
          dualStackAddressFamily: true
          enableGracefulRestart: true
          passwordSecret: {name: rack}
          """),
        Self.insidePeer,
        Manifest.bgpPeer(
          "far",
          """
          myASN: \(Self.farASN)
          peerASN: \(BGPScene.routerASN)
          peerAddress: \(BGPScene.farAddress)
          sourceAddress: \(BGPScene.nodeFarAddress)
          connectTime: 2s
          ebgpMultiHop: true
          """))
      var matrix = InteropScene(scene: scene, router: router, speaker: try scene.cluster.startSpeaker())
      for peering in [Self.outside, Self.inside, Self.far] { try await matrix.awaitSession(peering) }
      try await body(&matrix)
      let lacks = kind.type.lacks
      #expect(matrix.seen.isDisjoint(with: lacks.keys), "\(kind.rawValue) has what it is said to lack")
      #expect(matrix.seen.union(lacks.keys) == Set(InteropCell.allCases), "cells of \(kind.rawValue) that nobody saw")
    }
  }

  static let insidePeer = Manifest.bgpPeer(
    "inside",
    """
    myASN: \(BGPScene.routerASN)
    dynamicASN: internal
    peerAddress: "\(BGPScene.routerAddressV6)"
    connectTime: 2s
    """)

  /// Whether the router is said not to have what a cell is about.
  func lacks(_ cell: InteropCell) -> Bool { type(of: self.router).lacks[cell] != nil }

  /// Sees some cells at once; an error tells which.
  mutating func see(_ cells: InteropCell..., by body: (inout InteropScene) async throws -> Void) async throws {
    do {
      try await body(&self)
      self.seen.formUnion(cells)
    } catch {
      throw HarnessError.notReady("\(cells.map(\.rawValue).joined(separator: ", ")): \(error)")
    }
  }

  func awaitSession(_ peering: Peering) async throws {
    try await eventually("the session \(peering.name) is established", equals: true, within: .seconds(30)) {
      if try await self.router.isEstablished(peering) { return true }
      try await self.router.forgive(peering)
      return false
    }
  }

  func awaitEnd(of peering: Peering) async throws {
    try await eventually("the session \(peering.name) has ended", equals: false, within: .seconds(15)) {
      try await self.router.isEstablished(peering)
    }
  }

  @discardableResult
  func awaitRoute(_ prefix: String, from peering: Peering) async throws -> ReceivedRoute {
    let route = try await eventually("\(peering.name) has brought \(prefix)", within: .seconds(20)) {
      try await self.router.route(prefix, from: peering)
    } isRight: {
      $0 != nil
    }
    return try #require(route)
  }

  func awaitFarewell(_ farewell: Farewell, from peering: Peering) async throws {
    try await eventually("the router has heard \(farewell) from \(peering.name)", equals: true, within: .seconds(15)) {
      try await self.router.hasHeard(farewell, from: peering)
    }
  }

  var logLength: Int { self.scene.logLength(of: self.speaker) }

  func awaitLog(_ text: String, after start: Int, within limit: Duration = .seconds(20)) async throws {
    try await self.scene.awaitLog(text, of: self.speaker, after: start, within: limit)
  }

  /// Drops what one end of a session sends to the other, while `body` runs.
  func dropping(to receiver: String, from sender: String, at hook: String, _ body: () async throws -> Void) async throws
  {
    let rule = "ip saddr \(sender) ip daddr \(receiver) meta l4proto tcp drop"
    let table = "table inet cut { chain c { type filter hook \(hook) priority 0; \(rule); }; }"
    _ = try await self.scene.router.run("nft", table).expectSuccess()
    let result: Result<Void, any Error>
    do { result = .success(try await body()) } catch { result = .failure(error) }
    _ = try await self.scene.router.run("nft", "delete", "table", "inet", "cut").expectSuccess()
    try result.get()
  }
}
