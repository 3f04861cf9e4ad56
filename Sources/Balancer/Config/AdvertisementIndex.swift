import KubernetesModel

/// The advertisements of one protocol that are in force, found by the pools that they are for.
package struct AdvertisementIndex<Advertisement: AdvertisementConfiguration>: Sendable, Equatable {
  private var advertisements: [ObjectKey: Advertisement] = [:]
  /// Those that name a pool, by its name.
  private var naming: [String: Set<ObjectKey>] = [:]
  /// Those that have to be asked about each pool: they select by label, or are for all.
  private var selecting: Set<ObjectKey> = []

  package init() {}

  package subscript(key: ObjectKey) -> Advertisement? { self.advertisements[key] }

  package var values: some Collection<Advertisement> { self.advertisements.values }

  /// Puts an advertisement in the place of the one with its key; nil = none is in force. Returns the former one.
  @discardableResult
  package mutating func put(_ advertisement: Advertisement?, at key: ObjectKey) -> Advertisement? {
    let former = self.advertisements[key]
    guard former != advertisement else { return former }
    for pool in former?.pools ?? [] {
      self.naming[pool]?.remove(key)
      if self.naming[pool]?.isEmpty == true { self.naming[pool] = nil }
    }
    self.selecting.remove(key)
    self.advertisements[key] = advertisement
    guard let advertisement else { return former }
    for pool in advertisement.pools { self.naming[pool, default: []].insert(key) }
    if advertisement.pools.isEmpty || !advertisement.poolSelectors.isEmpty { self.selecting.insert(key) }
    return former
  }

  /// Those that announce a pool, in the order of their names.
  package func advertisements(forPool name: String, labels: [String: String]) -> [Advertisement] {
    let selected = self.selecting.filter { self.advertisements[$0]?.selects(pool: name, labels: labels) ?? false }
    return selected.union(self.naming[name] ?? []).sorted().compactMap { self.advertisements[$0] }
  }

  /// The pools that are named without being there, each with the advertisements that name it.
  package func missingPools(among pools: (String) -> Bool) -> [(pool: String, namedBy: Set<ObjectKey>)] {
    self.naming.filter { !pools($0.key) }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// What is to be said of pools that are named without being there: nothing else would tell (contract section 6).
  package func missingPoolProblems(kind: String, among pools: (String) -> Bool) -> [Problem] {
    self.missingPools(among: pools).flatMap { name, advertisements in
      advertisements.sorted().map { key in
        Problem(
          kind: kind, key: key, field: "spec.ipAddressPools",
          message: "\(kind) \(GoText.quoted(key.name)) refers to pool \(GoText.quoted(name)), which does not exist",
          remedy: "Create the IPAddressPool, or correct its name here.", severity: .warning)
      }
    }
  }
}
