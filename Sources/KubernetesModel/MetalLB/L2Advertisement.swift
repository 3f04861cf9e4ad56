/// Which pools are announced by ARP and NDP, from which nodes and interfaces (contract section 3.2).
package struct L2Advertisement: KubernetesResource, Hashable {
  package static let type = ResourceType(
    group: "metallb.io", version: "v1beta1", plural: "l2advertisements", kind: "L2Advertisement")

  package var metadata: ObjectMeta
  package var spec: Spec?

  package init(metadata: ObjectMeta, spec: Spec? = nil) {
    self.metadata = metadata
    self.spec = spec
  }

  package struct Spec: Codable, Sendable, Hashable {
    /// Empty together with empty selectors = every pool.
    package var ipAddressPools: [String]?
    package var ipAddressPoolSelectors: [LabelSelector]?
    /// Empty = all nodes.
    package var nodeSelectors: [LabelSelector]?
    /// Empty = all interfaces.
    package var interfaces: [String]?
    /// Empty = all Services.
    package var serviceSelectors: [LabelSelector]?
    /// Which of the nodes are to be owners rather than others (contract section 19).
    package var preferredNodeSelectors: [PreferredNodeSelector]?
    /// `Stateless`, `Sticky` or `Balanced`; absent = the first.
    package var electionPolicy: String?
    /// How long a node must have been able to announce before it takes an address from another that goes on.
    package var holdDown: String?

    package init(
      ipAddressPools: [String]? = nil, ipAddressPoolSelectors: [LabelSelector]? = nil,
      nodeSelectors: [LabelSelector]? = nil, interfaces: [String]? = nil, serviceSelectors: [LabelSelector]? = nil,
      preferredNodeSelectors: [PreferredNodeSelector]? = nil, electionPolicy: String? = nil, holdDown: String? = nil
    ) {
      self.ipAddressPools = ipAddressPools
      self.ipAddressPoolSelectors = ipAddressPoolSelectors
      self.nodeSelectors = nodeSelectors
      self.interfaces = interfaces
      self.serviceSelectors = serviceSelectors
      self.preferredNodeSelectors = preferredNodeSelectors
      self.electionPolicy = electionPolicy
      self.holdDown = holdDown
    }
  }

  /// Nodes that are preferred, and how much; the weights of all that match a node add up.
  package struct PreferredNodeSelector: Codable, Sendable, Hashable {
    /// 1 to 100.
    package var weight: Int64
    package var preference: LabelSelector

    package init(weight: Int64, preference: LabelSelector) {
      self.weight = weight
      self.preference = preference
    }
  }
}
