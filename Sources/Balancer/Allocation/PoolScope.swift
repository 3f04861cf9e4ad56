import KubernetesModel

/// Which Services a pool is for: its restriction, with the namespaces that its selectors match now (contract section 8.3).
struct PoolScope: Sendable, Equatable {
  private let restriction: PoolConfiguration.Restriction?
  /// Namespaces that a selector matches, whether named as well or not.
  private var matching: Set<String> = []

  init(_ restriction: PoolConfiguration.Restriction?, namespaces: [String: [String: String]]) {
    self.restriction = restriction
    for (name, labels) in namespaces { self.update(namespace: name, labels: labels) }
  }

  /// Whether the pool is kept for some Services, and so comes before those that are for all.
  var isPinned: Bool { self.restriction != nil }

  /// The order among pinned pools: smaller first, without a priority last.
  var rank: Int {
    guard let priority = self.restriction?.priority, priority != 0 else { return .max }
    return priority
  }

  /// Whether the namespace of a Service does not matter at present.
  var isForAllNamespaces: Bool { self.restriction?.namespaces.isEmpty != false && self.matching.isEmpty }

  /// Takes the labels of a namespace into account (nil = it is gone); true if that changes what the pool is for.
  @discardableResult
  mutating func update(namespace: String, labels: [String: String]?) -> Bool {
    guard let selectors = self.restriction?.namespaceSelectors, !selectors.isEmpty else { return false }
    if let labels, selectors.anyMatches(labels) {
      return self.matching.insert(namespace).inserted
    }
    return self.matching.remove(namespace) != nil
  }

  /// Whether a Service may have addresses of the pool.
  ///
  /// Selectors that match no namespace restrict nothing here, as upstream has it; but see `isSelectable`.
  func isCompatible(with request: AllocationRequest) -> Bool {
    guard let restriction = self.restriction else { return true }
    let namespace = request.service.namespace
    let isListed = restriction.namespaces.contains(namespace) || self.matching.contains(namespace)
    guard self.isForAllNamespaces || isListed else { return false }
    return restriction.serviceSelectors.isEmpty || restriction.serviceSelectors.anyMatches(request.labels)
  }

  /// Whether the pool may be chosen for a Service that does not ask for it: not if all it has is selectors that match no
  /// namespace.
  func isSelectable(for request: AllocationRequest) -> Bool {
    guard self.isCompatible(with: request) else { return false }
    guard let restriction = self.restriction, !restriction.namespaceSelectors.isEmpty else { return true }
    return !restriction.namespaces.isEmpty || !self.matching.isEmpty || !restriction.serviceSelectors.isEmpty
  }
}
