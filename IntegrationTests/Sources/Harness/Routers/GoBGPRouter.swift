import Foundation

/// GoBGP on a host of a test's network.
package struct GoBGPRouter: Router {
  package static let lacks: [InteropCell: String] = [
    .routeRefresh: "keeps what it received, and asks nobody for it again"
  ]

  private let host: NetworkHost
  private let process: RestartableProcess

  package static func start(on host: NetworkHost, asn: Int, _ peerings: [Peering]) async throws -> GoBGPRouter {
    let global = """
      [global.config]
        as = \(asn)
        router-id = "198.18.1.2"

      """
    let file = try Workspace.current.file(
      "gobgp.toml", global + peerings.map { Self.configuration($0) }.joined(separator: "\n"))
    let router = GoBGPRouter(host: host, process: try RestartableProcess(on: host, ["gobgpd", "-f", file]))
    try await router.awaitAnswer()
    return router
  }

  private static func configuration(_ peering: Peering) -> String {
    var lines = [
      "[[neighbors]]", "[neighbors.config]", "neighbor-address = \"\(peering.neighbor)\"",
      "peer-as = \(peering.neighborASN)",
    ]
    if let password = peering.password { lines.append("auth-password = \"\(password)\"") }
    lines += ["[neighbors.transport.config]", "passive-mode = true"]
    lines += ["[neighbors.timers.config]", "idle-hold-time-after-reset = 1"]
    if peering.isMultihop {
      lines += ["[neighbors.ebgp-multihop.config]", "enabled = true", "multihop-ttl = 5"]
    }
    if peering.keepsRoutes {
      lines += [
        "[neighbors.graceful-restart.config]", "enabled = true", "restart-time = 120", "notification-enabled = true",
      ]
    }
    for family in peering.families {
      lines += ["[[neighbors.afi-safis]]", "[neighbors.afi-safis.config]", "afi-safi-name = \"\(family)-unicast\""]
      if peering.keepsRoutes { lines += ["[neighbors.afi-safis.mp-graceful-restart.config]", "enabled = true"] }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func awaitAnswer() async throws {
    try await eventually("GoBGP answers", within: .seconds(15)) {
      let process = self.process.current
      guard process.isRunning else { throw HarnessError.notReady("GoBGP ended: \(process.standardError)") }
      return try await self.show("global")
    } isRight: {
      $0.contains("AS:")
    }
  }

  private func show(_ command: String) async throws -> String {
    try await self.host.run("sh", "-c", "gobgp \(command)").expectSuccess()
  }

  /// What a command prints as JSON, read into a type.
  private func read<Value: Decodable>(_ command: String, as type: Value.Type = Value.self) async throws -> Value {
    try JSONDecoder().decode(type, from: Data(try await self.show("-j \(command)").utf8))
  }

  /// One path of the table, with attributes by their numbers (RFC 4271 section 4.3).
  private struct Path: Decodable {
    struct Segment: Decodable { var asns: [Int] }

    struct Large: Decodable {
      var asn: Int
      var first: Int
      var second: Int

      enum CodingKeys: String, CodingKey {
        case asn = "ASN"
        case first = "LocalData1"
        case second = "LocalData2"
      }
    }

    struct Attribute: Decodable {
      var type: Int
      var segments: [Segment]?
      var nextHop: String?
      var metric: Int?
      var communities: [Int]?
      /// LOCAL_PREF.
      var number: Int?
      /// Large communities.
      var large: [Large]?

      enum CodingKeys: String, CodingKey {
        case type, metric, communities, value
        case segments = "as_paths"
        case nextHop = "nexthop"
      }

      init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.type = try values.decode(Int.self, forKey: .type)
        self.segments = try values.decodeIfPresent([Segment].self, forKey: .segments)
        self.nextHop = try values.decodeIfPresent(String.self, forKey: .nextHop)
        self.metric = try values.decodeIfPresent(Int.self, forKey: .metric)
        self.communities = try values.decodeIfPresent([Int].self, forKey: .communities)
        self.number = try? values.decode(Int.self, forKey: .value)
        self.large = try? values.decode([Large].self, forKey: .value)
      }
    }

    var attrs: [Attribute]
    var stale: Bool
    var neighbor: String

    enum CodingKeys: String, CodingKey {
      case attrs, stale
      case neighbor = "neighbor-ip"
    }
  }

  package func route(_ prefix: String, from peering: Peering) async throws -> ReceivedRoute? {
    let family = prefix.contains(":") ? "ipv6" : "ipv4"
    let table: [String: [Path]] = try await self.read("global rib -a \(family)")
    guard let path = table[prefix]?.first(where: { $0.neighbor == peering.neighbor }) else { return nil }
    var route = ReceivedRoute(isStale: path.stale)
    for attribute in path.attrs {
      switch attribute.type {
      case 2: route.asPath = (attribute.segments ?? []).flatMap(\.asns)
      case 3, 14: route.nextHops += [attribute.nextHop].compactMap { $0 }
      case 4: route.med = attribute.metric
      case 5: route.localPreference = attribute.number
      case 8: route.communities = Set((attribute.communities ?? []).map { "\($0 >> 16):\($0 & 0xFFFF)" })
      case 32: route.largeCommunities = Set((attribute.large ?? []).map { "\($0.asn):\($0.first):\($0.second)" })
      default: break
      }
    }
    return route
  }

  private struct Neighbor: Decodable {
    struct State: Decodable {
      struct Messages: Decodable { var received: [String: Int]? }

      var messages: Messages?
      /// 6 = established.
      var session: Int?

      enum CodingKeys: String, CodingKey {
        case messages
        case session = "session_state"
      }
    }

    var state: State
  }

  private func neighbor(_ peering: Peering) async throws -> Neighbor {
    try await self.read("neighbor \(peering.neighbor)")
  }

  package func isEstablished(_ peering: Peering) async throws -> Bool {
    try await self.neighbor(peering).state.session == 6
  }

  package func updateCount(from peering: Peering) async throws -> Int {
    try await self.neighbor(peering).state.messages?.received?["update"] ?? 0
  }

  /// Its table does not say: its log does.
  package func hasHeard(_ farewell: Farewell, from peering: Peering) async throws -> Bool {
    struct Line: Decodable {
      var msg: String
      var Key: String?
      var Code: Int?
      var Subcode: Int?
    }
    let process = self.process.current
    let lines = (process.standardOutput + process.standardError).split(separator: "\n").compactMap {
      try? JSONDecoder().decode(Line.self, from: Data($0.utf8))
    }
    let last = lines.last { $0.Key == peering.neighbor && $0.msg == "received notification" }
    return last?.Code == farewell.code && last?.Subcode == farewell.subcode
  }

  package func requestRefresh(of peering: Peering) async throws {
    throw HarnessError.notReady("GoBGP asks for no refresh")
  }

  package func shutDown(_ peering: Peering, saying text: String) async throws {
    _ = try await self.show("neighbor \(peering.neighbor) shutdown --reason '\(text)'")
  }

  /// The session may come back by itself: only `disable` keeps it down, and that does not say the reason.
  package func bringUp(_ peering: Peering) async throws {}

  package func kill() { self.process.signal(SIGKILL) }

  package func restart() async throws {
    try await self.process.restart()
    try await self.awaitAnswer()
  }
}
