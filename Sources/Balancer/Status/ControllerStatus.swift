import KubernetesModel

/// What a controller tells of itself when somebody asks (Docs/decisions/0017-speakers-tell-what-they-know.md); the rules of
/// ``SpeakerStatus`` hold.
package struct ControllerStatus: Codable, Sendable, Hashable {
  package static let currentVersion = 1
  /// So many Services that want something are told.
  static let waitingLimit = 1000

  /// How full a pool is.
  package struct Pool: Codable, Sendable, Hashable {
    package var name: String
    package var services: Int
    package var ipv4: Fill
    package var ipv6: Fill
  }

  /// Of one family; `Int64.max` = 2^62 and more.
  package struct Fill: Codable, Sendable, Hashable {
    package var assigned: Int64
    package var capacity: Int64

    package init(assigned: Int64, capacity: Int64) {
      self.assigned = assigned
      self.capacity = capacity
    }
  }

  /// A Service that does not have what it asks for.
  package struct Waiting: Codable, Sendable, Hashable {
    /// `namespace/name`.
    package var service: String
    package var reason: String
    /// Whether it has an address that works all the same.
    package var hasAddress: Bool
  }

  package var version = Self.currentVersion
  package var software: String
  /// Whether this one acts; of several controllers one does.
  package var isLeading: Bool
  package var pools: [Pool]
  /// How many Services have addresses.
  package var satisfied: Int
  package var waiting: [Waiting]
  /// What is wrong with the configuration, a sentence each.
  package var problems: [String]
}
