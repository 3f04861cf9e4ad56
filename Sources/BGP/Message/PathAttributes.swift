import Primitives

/// What an UPDATE says of its routes (RFC 4271 section 5): each attribute at most once.
package struct PathAttributes: Sendable, Hashable {
  package var origin: Origin?
  package var asPath: ASPath?
  package var nextHop: IPv4Address?
  package var multiExitDiscriminator: UInt32?
  package var localPreference: UInt32?
  package var isAtomicAggregate = false
  package var communities: [Community] = []
  package var reachable: ReachableRoutes?
  package var unreachable: UnreachableRoutes?
  package var extendedCommunities: [ExtendedCommunity] = []
  /// The path with four octets a number, beside one that has only two (RFC 6793).
  package var as4Path: ASPath?
  package var largeCommunities: [LargeCommunity] = []
  /// Attributes, and routes of families, that mean nothing to us.
  package var others: [Other] = []

  package struct Other: Sendable, Hashable {
    package var flags: UInt8
    package var type: UInt8
    package var value: [UInt8]

    package init(flags: UInt8, type: UInt8, value: [UInt8]) {
      self.flags = flags
      self.type = type
      self.value = value
    }
  }

  package init() {}

  package var isEmpty: Bool { self == PathAttributes() }
}

/// The attributes we know (RFC 4271 section 4.3 and the registry).
enum AttributeType: UInt8 {
  case origin = 1
  case asPath = 2
  case nextHop = 3
  case multiExitDiscriminator = 4
  case localPreference = 5
  case atomicAggregate = 6
  case aggregator = 7
  case communities = 8
  case reachable = 14
  case unreachable = 15
  case extendedCommunities = 16
  case as4Path = 17
  case as4Aggregator = 18
  case largeCommunities = 32

  /// Optional and Transitive, as they must be.
  var flags: UInt8 {
    switch self {
    case .origin, .asPath, .nextHop, .localPreference, .atomicAggregate: AttributeFlag.transitive
    case .multiExitDiscriminator, .reachable, .unreachable: AttributeFlag.optional
    case .aggregator, .communities, .extendedCommunities, .as4Path, .as4Aggregator, .largeCommunities:
      AttributeFlag.optional | AttributeFlag.transitive
    }
  }
}

enum AttributeFlag {
  static let optional: UInt8 = 0x80
  static let transitive: UInt8 = 0x40
  static let partial: UInt8 = 0x20
  static let extendedLength: UInt8 = 0x10
}
