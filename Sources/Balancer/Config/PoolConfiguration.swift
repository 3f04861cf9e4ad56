import KubernetesModel
import Primitives

/// A pool of addresses as the rest of the product sees it: validated, so that nobody has to check it again.
package struct PoolConfiguration: Sendable, Hashable {
  /// Which Services a pool is kept for (`spec.serviceAllocation`, contract section 8.3).
  package struct Restriction: Sendable, Hashable {
    /// Smaller is tried first; 0 = after all others.
    package var priority: Int
    package var namespaces: Set<String>
    package var namespaceSelectors: [LabelSelector]
    package var serviceSelectors: [LabelSelector]

    package init(
      priority: Int = 0, namespaces: Set<String> = [], namespaceSelectors: [LabelSelector] = [],
      serviceSelectors: [LabelSelector] = []
    ) {
      self.priority = priority
      self.namespaces = namespaces
      self.namespaceSelectors = namespaceSelectors
      self.serviceSelectors = serviceSelectors
    }
  }

  /// The object that this pool comes from.
  package var key: ObjectKey
  package var labels: [String: String]
  /// In the order of the spec, which is the order of preference; disjoint within a pool and between pools.
  package var blocks: [IPRange]
  package var autoAssign: Bool
  package var avoidBuggyIPs: Bool
  /// Nil = for every Service.
  package var restriction: Restriction?

  package init(
    key: ObjectKey, labels: [String: String] = [:], blocks: [IPRange], autoAssign: Bool = true,
    avoidBuggyIPs: Bool = false, restriction: Restriction? = nil
  ) {
    self.key = key
    self.labels = labels
    self.blocks = blocks
    self.autoAssign = autoAssign
    self.avoidBuggyIPs = avoidBuggyIPs
    self.restriction = restriction
  }

  package var name: String { self.key.name }

  /// Whether the address lies in the pool; linear in the number of blocks.
  package func contains(_ address: IPAddress) -> Bool {
    self.blocks.contains { $0.contains(address) }
  }
}
