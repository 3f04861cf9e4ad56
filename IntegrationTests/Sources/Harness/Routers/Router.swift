/// A BGP router that others wrote, at the other end of the speaker's sessions: every question is answered by its own tables.
///
/// All sessions are passive: the speaker connects.
package protocol Router: Sendable {
  /// What of the matrix it does not have, and why that cannot be seen at it.
  static var lacks: [InteropCell: String] { get }

  /// Starts it in an AS with some sessions, and waits until it answers.
  static func start(on host: NetworkHost, asn: Int, _ peerings: [Peering]) async throws -> Self

  /// What it has of a prefix from a session, before it chooses among several.
  func route(_ prefix: String, from peering: Peering) async throws -> ReceivedRoute?
  func isEstablished(_ peering: Peering) async throws -> Bool
  /// How many UPDATEs, or routes in them, it has counted.
  func updateCount(from peering: Peering) async throws -> Int
  /// Whether this is what it was told when the last session ended.
  func hasHeard(_ farewell: Farewell, from peering: Peering) async throws -> Bool

  func requestRefresh(of peering: Peering) async throws
  /// Ends a session with a NOTIFICATION; the sentence is for the other operator, where it has a way to say one.
  func shutDown(_ peering: Peering, saying text: String) async throws
  func bringUp(_ peering: Peering) async throws
  /// Lets a session be made again at once, where it punishes an error with a long pause.
  func forgive(_ peering: Peering) async throws

  /// Kills it as a crash does.
  func kill()
  /// Starts it again with the same configuration, and waits until it answers.
  func restart() async throws
}

extension Router {
  package func forgive(_ peering: Peering) async throws {}
}

/// The routers of the matrix.
package enum RouterKind: String, Sendable, CaseIterable {
  case frr = "FRR"
  case bird = "BIRD"
  case gobgp = "GoBGP"
  case exabgp = "ExaBGP"
  case openbgpd = "OpenBGPD"

  package var type: any Router.Type {
    switch self {
    case .frr: FRRRouter.self
    case .bird: BIRDRouter.self
    case .gobgp: GoBGPRouter.self
    case .exabgp: ExaBGPRouter.self
    case .openbgpd: OpenBGPDRouter.self
    }
  }
}

/// A session with the speaker, as the router at its other end is told of it.
package struct Peering: Sendable, Hashable {
  package enum Family: String, Sendable, Hashable, CaseIterable {
    case ipv4, ipv6
  }

  /// Of the BGPPeer, and of BIRD's protocol.
  package var name: String
  /// The router's address.
  package var local: String
  /// The node's address.
  package var neighbor: String
  package var neighborASN: Int
  package var families: Set<Family>
  package var password: String?
  package var isMultihop: Bool
  /// Whether routes are to be kept while the speaker restarts.
  package var keepsRoutes: Bool
  /// Whether BFD watches the path, and in which words of this router's configuration.
  package var bfd: String?

  package init(
    _ name: String, local: String, neighbor: String, neighborASN: Int, families: Set<Family>, password: String? = nil,
    isMultihop: Bool = false, keepsRoutes: Bool = false, bfd: String? = nil
  ) {
    self.name = name
    self.local = local
    self.neighbor = neighbor
    self.neighborASN = neighborASN
    self.families = families
    self.password = password
    self.isMultihop = isMultihop
    self.keepsRoutes = keepsRoutes
    self.bfd = bfd
  }
}

/// A path as a router received it. Communities are numbers with colons between them, also those that have names.
package struct ReceivedRoute: Sendable, Equatable {
  package var asPath: [Int] = []
  package var nextHops: [String] = []
  package var med: Int?
  package var localPreference: Int?
  package var communities: Set<String> = []
  package var largeCommunities: Set<String> = []
  /// Kept while the speaker restarts, where the router tells.
  package var isStale = false

  /// The numbers of a community that a router names.
  static func community(_ text: String) -> String {
    let names = [
      "no-export": "65535:65281", "no-advertise": "65535:65282", "local-as": "65535:65283",
      "graceful-shutdown": "65535:0", "gshut": "65535:0",
    ]
    return names[text.lowercased().replacing("_", with: "-")] ?? text
  }
}

/// The NOTIFICATION that a session ends with (RFC 4271 section 6, RFC 4486).
package struct Farewell: Sendable, Hashable {
  package let code: Int
  package let subcode: Int
  /// In words that the router may use, without regard to case.
  let words: [String]

  package static let holdTimerExpired = Farewell(
    code: 4, subcode: 0, words: ["hold timer expired", "holdtimer expired"])
  package static let administrativeShutdown = Farewell(
    code: 6, subcode: 2, words: ["administrative shutdown", "administratively down"])
  package static let peerDeconfigured = Farewell(
    code: 6, subcode: 3, words: ["peer de-configured", "peer deconfigured", "peer unconfigured"])

  func isIn(_ text: String) -> Bool {
    let text = text.lowercased()
    return self.words.contains { text.contains($0) }
  }
}
