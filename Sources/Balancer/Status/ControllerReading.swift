import KubernetesModel

/// What the pages of a controller are made of, taken from its state at one moment.
///
/// To take it costs the same for one Service and for a hundred thousand, and it holds none of the large tables, which the
/// next change would have to copy while somebody holds them.
package struct ControllerReading: Sendable {
  /// Those in force, in the order in which they are shown.
  package let pools: [(name: String, counters: PoolCounters)]
  /// What is wrong with pools.
  package let problems: [Problem]
  /// Whether everything that exists is known.
  package let isLoaded: Bool
  private let census: Census

  init(
    pools: [(name: String, counters: PoolCounters)], problems: [Problem], isLoaded: Bool, census: Census
  ) {
    self.pools = pools
    self.problems = problems
    self.isLoaded = isLoaded
    self.census = census
  }

  /// How many Services ask for an address and have none.
  package var waitingCount: Int { self.census.waitingCount }

  /// What there is to tell, as plain data.
  package func status(software: String, isLeading: Bool) -> ControllerStatus {
    let waiting = self.census.wanting.compactMap { key, standing in
      standing.want.map {
        ControllerStatus.Waiting(service: key.description, reason: $0.description, hasAddress: standing.isServed)
      }
    }
    return ControllerStatus(
      software: software, isLeading: isLeading,
      pools: self.pools.map { pool in
        ControllerStatus.Pool(
          name: pool.name, services: pool.counters.services, ipv4: ControllerStatus.Fill(pool.counters.ipv4),
          ipv6: ControllerStatus.Fill(pool.counters.ipv6))
      }, satisfied: self.census.servedCount,
      waiting: Array(waiting.sorted { $0.service < $1.service }.prefix(ControllerStatus.waitingLimit)),
      problems: self.problems.map(\.description))
  }
}

extension ControllerState {
  /// What there is to tell now.
  package var reading: ControllerReading {
    ControllerReading(
      pools: self.configuration.sorted.compactMap { pool in
        self.allocator.counters(of: pool.name).map { (pool.name, $0) }
      }, problems: self.configuration.problems, isLoaded: self.awaitedLists.isEmpty, census: self.census)
  }
}

extension ControllerStatus.Fill {
  fileprivate init(_ family: PoolCounters.Family) {
    self.init(assigned: family.assigned, capacity: family.capacity)
  }
}
