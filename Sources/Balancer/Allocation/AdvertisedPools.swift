import KubernetesModel

/// Which pools are announced by something, and for which Services: all advertisements, of either kind, in the fields that
/// say so.
///
/// Nodes, peers and interfaces are left out: whether one of them is there is the speakers' knowledge.
struct AdvertisedPools: Sendable, Equatable {
  /// The kinds of advertisements.
  enum Kind: Sendable, Hashable, CaseIterable {
    case l2
    case bgp
  }

  struct Name: Sendable, Hashable {
    var kind: Kind
    var key: ObjectKey
  }

  /// What one advertisement is for.
  struct Scope: Sendable, Hashable {
    /// Empty together with empty selectors = every pool.
    var pools: Set<String>
    var poolSelectors: [LabelSelector]
    /// Empty = every Service.
    var serviceSelectors: [LabelSelector]

    func selects(pool name: String, labels: [String: String]) -> Bool {
      if self.pools.isEmpty, self.poolSelectors.isEmpty { return true }
      return self.pools.contains(name) || self.poolSelectors.anyMatches(labels)
    }

    func selects(service labels: [String: String]) -> Bool {
      self.serviceSelectors.isEmpty || self.serviceSelectors.anyMatches(labels)
    }

    /// Whether every pool must be looked at to find those that it is for.
    fileprivate var isByLabels: Bool { self.pools.isEmpty || !self.poolSelectors.isEmpty }
  }

  /// How far the addresses of a Service are announced.
  enum Coverage: Sendable, Hashable {
    case covered
    /// Advertisements select the pool, but none of them the Service.
    case otherServices
    case none
  }

  private var scopes: [Name: Scope] = [:]
  /// The advertisements that name a pool, by its name.
  private var naming: [String: Set<Name>] = [:]
  /// Those that are for pools by their labels, or for all.
  private var byLabels: Set<Name> = []
  private var awaited = Set(Kind.allCases)

  /// Whether all advertisements are known.
  var isComplete: Bool { self.awaited.isEmpty }

  /// All advertisements of a kind that existed at the start have been told.
  mutating func complete(_ kind: Kind) {
    self.awaited.remove(kind)
  }

  /// Puts an advertisement in force, or out of it; returns those scopes, old and new, whose pools that concerns.
  mutating func set(_ scope: Scope?, for name: Name) -> [Scope] {
    let old = self.scopes[name]
    guard old != scope else { return [] }
    for pool in old?.pools ?? [] {
      self.naming[pool]?.remove(name)
      if self.naming[pool]?.isEmpty == true { self.naming[pool] = nil }
    }
    self.byLabels.remove(name)
    self.scopes[name] = scope
    for pool in scope?.pools ?? [] { self.naming[pool, default: []].insert(name) }
    if scope?.isByLabels == true { self.byLabels.insert(name) }
    return [old, scope].compactMap { $0 }
  }

  /// Whether a Service with these labels is announced with an address of the pool.
  func coverage(ofPool name: String, labels: [String: String], service: [String: String]) -> Coverage {
    var coverage = Coverage.none
    for candidates in [self.naming[name] ?? [], self.byLabels] {
      for candidate in candidates {
        guard let scope = self.scopes[candidate], scope.selects(pool: name, labels: labels) else { continue }
        if scope.selects(service: service) { return .covered }
        coverage = .otherServices
      }
    }
    return coverage
  }
}

extension AdvertisedPools.Scope {
  init(_ configuration: L2AdvertisementConfiguration) {
    self.init(
      pools: configuration.pools, poolSelectors: configuration.poolSelectors,
      serviceSelectors: configuration.serviceSelectors)
  }

  init(_ object: BGPAdvertisement) {
    self.init(
      pools: Set(object.spec?.ipAddressPools ?? []), poolSelectors: object.spec?.ipAddressPoolSelectors ?? [],
      serviceSelectors: object.spec?.serviceSelectors ?? [])
  }
}
