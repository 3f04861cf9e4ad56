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

extension ControllerState {
  /// How many Services ask for an address and have none.
  package var waitingCount: Int {
    self.entries.values.reduce(0) { count, entry in
      if case .waiting = entry.standing { count + 1 } else { count }
    }
  }

  /// What there is to tell, as plain data.
  package func status(software: String, isLeading: Bool) -> ControllerStatus {
    let pools = self.configuration.sorted.compactMap { pool in
      self.allocator.counters(of: pool.name).map { counters in
        ControllerStatus.Pool(
          name: pool.name, services: counters.services, ipv4: ControllerStatus.Fill(counters.ipv4),
          ipv6: ControllerStatus.Fill(counters.ipv6))
      }
    }
    var satisfied = 0
    var waiting: [ControllerStatus.Waiting] = []
    for (key, entry) in self.entries {
      switch entry.standing {
      case .unread, .unmanaged, .notLoadBalancer: break
      case .satisfied: satisfied += 1
      case .incomplete(let error), .kept(let error):
        satisfied += 1
        waiting.append(.init(service: key.description, reason: error.description, hasAddress: true))
      case .waiting(let error):
        waiting.append(.init(service: key.description, reason: error.description, hasAddress: false))
      }
    }
    waiting.sort { $0.service < $1.service }
    return ControllerStatus(
      software: software, isLeading: isLeading, pools: pools, satisfied: satisfied,
      waiting: Array(waiting.prefix(ControllerStatus.waitingLimit)),
      problems: self.configuration.problems.map(\.description))
  }
}

extension ControllerStatus.Fill {
  fileprivate init(_ family: PoolCounters.Family) {
    self.init(assigned: family.assigned, capacity: family.capacity)
  }
}
