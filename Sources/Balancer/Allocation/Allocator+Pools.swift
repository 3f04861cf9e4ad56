import KubernetesModel
import Primitives

/// Changes of the pools under the allocations that exist (contract section 9.4).
extension Allocator {
  /// What a change of pools or namespaces touches.
  package struct Disturbance: Sendable, Equatable {
    /// Services that have, or had, addresses of a pool that changed.
    package var services: Set<ObjectKey> = []
    /// Pools that came, went, or are for other Services than before.
    package var pools: Set<String> = []
  }

  /// Puts other pools in force. Allocations stay where a pool, be it another one, still has their addresses; all others
  /// are gone. Pools that are as before cost a comparison.
  package mutating func use(
    _ pools: [String: PoolConfiguration], namespaces: [String: [String: String]]
  ) -> Disturbance {
    let names = Set(self.ledgers.keys).union(pools.keys)
    return self.use(
      pools, changed: names.filter { pools[$0] != self.ledgers[$0]?.configuration }, namespaces: namespaces)
  }

  /// The same where it is known which pools may be others than before, of which only those are looked at.
  mutating func use(
    _ pools: [String: PoolConfiguration], changed names: Set<String>, namespaces: [String: [String: String]]
  ) -> Disturbance {
    var disturbance = Disturbance()
    var homeless: Set<ObjectKey> = []
    // Many, as at the start, are put in their orders at once.
    let isWholesale = names.count > 64
    for name in names {
      guard let ledger = self.ledgers[name] else { continue }
      if !isWholesale { self.directory.remove(ledger) }
      guard let new = pools[name], new.hasSameAddresses(as: ledger.configuration) else {
        homeless.formUnion(self.services(of: ledger))
        self.ledgers[name] = nil
        disturbance.pools.insert(name)
        continue
      }
      if new.gives(differentlyFrom: ledger.configuration) {
        disturbance.services.formUnion(self.services(of: ledger))
        disturbance.pools.insert(name)
        self.ledgers[name]?.scope = PoolScope(new.restriction, namespaces: namespaces)
      }
      self.ledgers[name]?.configuration = new
      if !isWholesale, let changed = self.ledgers[name] { self.directory.insert(changed) }
    }
    let allocations = homeless.sorted().compactMap { service in self.forget(service).map { (service, $0) } }
    for name in names where self.ledgers[name] == nil {
      guard let new = pools[name] else { continue }
      let ledger = PoolLedger(new, scope: PoolScope(new.restriction, namespaces: namespaces))
      self.ledgers[name] = ledger
      if !isWholesale { self.directory.insert(ledger) }
      self.touched.insert(name)
      disturbance.pools.insert(name)
    }
    if isWholesale { self.directory = PoolDirectory(self.ledgers.values) }
    for (service, var allocation) in allocations {
      guard let first = allocation.addresses.first, let pool = self.pool(owning: first),
        allocation.addresses.dropFirst().allSatisfy({ self.pool(owning: $0) == pool })
      else { continue }
      allocation.pool = pool
      self.enter(allocation, of: service)
    }
    disturbance.services.formUnion(homeless)
    return disturbance
  }

  /// Takes the labels of a namespace into account; nil = it is gone.
  package mutating func update(namespace: String, labels: [String: String]?) -> Disturbance {
    var disturbance = Disturbance()
    for name in Array(self.ledgers.keys) {
      let wasOpen = self.ledgers[name]?.scope.isForAllNamespaces
      guard self.ledgers[name]?.scope.update(namespace: namespace, labels: labels) == true,
        let ledger = self.ledgers[name]
      else { continue }
      disturbance.pools.insert(name)
      let touchesAll = ledger.scope.isForAllNamespaces != wasOpen
      disturbance.services.formUnion(
        self.services(of: ledger).filter { touchesAll || $0.namespace == namespace })
    }
    return disturbance
  }

  /// All Services that have addresses of a pool.
  func services(ofPool name: String) -> Set<ObjectKey> {
    self.ledgers[name].map(self.services) ?? []
  }

  private func services(of ledger: PoolLedger) -> Set<ObjectKey> {
    var services: Set<ObjectKey> = []
    for family in IPFamily.allCases {
      for run in ledger[family].used.runs {
        for number in run {
          guard let address = ledger[family].numbering.address(at: number) else { continue }
          services.formUnion(self.users(of: address))
        }
      }
    }
    return services
  }
}

extension PoolConfiguration {
  /// Whether each address has the same place in both, so that what is in use need not be entered anew.
  fileprivate func hasSameAddresses(as other: PoolConfiguration) -> Bool {
    self.blocks == other.blocks && self.avoidBuggyIPs == other.avoidBuggyIPs
  }

  /// Whether the two are not for the same Services; labels, which only advertisements read, do not matter.
  fileprivate func gives(differentlyFrom other: PoolConfiguration) -> Bool {
    self.autoAssign != other.autoAssign || self.restriction != other.restriction
  }
}
