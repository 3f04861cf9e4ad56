/// A pool of addresses for Services (contract section 3.1).
package struct IPAddressPool: KubernetesResource, Hashable {
  package static let type = ResourceType(
    group: "metallb.io", version: "v1beta1", plural: "ipaddresspools", kind: "IPAddressPool")

  package var metadata: ObjectMeta
  package var spec: Spec
  package var status: Status?

  package init(metadata: ObjectMeta, spec: Spec, status: Status? = nil) {
    self.metadata = metadata
    self.spec = spec
    self.status = status
  }

  package struct Spec: Codable, Sendable, Hashable {
    /// CIDRs and `start-end` ranges.
    package var addresses: [String]
    /// Absent = true.
    package var autoAssign: Bool?
    /// Absent = false.
    package var avoidBuggyIPs: Bool?
    package var serviceAllocation: ServiceAllocation?

    package init(
      addresses: [String], autoAssign: Bool? = nil, avoidBuggyIPs: Bool? = nil,
      serviceAllocation: ServiceAllocation? = nil
    ) {
      self.addresses = addresses
      self.autoAssign = autoAssign
      self.avoidBuggyIPs = avoidBuggyIPs
      self.serviceAllocation = serviceAllocation
    }
  }

  /// Which Services a pool is kept for.
  package struct ServiceAllocation: Codable, Sendable, Hashable {
    /// Smaller comes first; absent or 0 = last.
    package var priority: Int?
    package var namespaces: [String]?
    package var namespaceSelectors: [LabelSelector]?
    package var serviceSelectors: [LabelSelector]?

    package init(
      priority: Int? = nil, namespaces: [String]? = nil, namespaceSelectors: [LabelSelector]? = nil,
      serviceSelectors: [LabelSelector]? = nil
    ) {
      self.priority = priority
      self.namespaces = namespaces
      self.namespaceSelectors = namespaceSelectors
      self.serviceSelectors = serviceSelectors
    }
  }

  /// Distinct addresses in use, and the capacity less those.
  package struct Status: Codable, Sendable, Hashable {
    package var assignedIPv4: Int64
    package var assignedIPv6: Int64
    package var availableIPv4: Int64
    package var availableIPv6: Int64

    package init(assignedIPv4: Int64, assignedIPv6: Int64, availableIPv4: Int64, availableIPv6: Int64) {
      self.assignedIPv4 = assignedIPv4
      self.assignedIPv6 = assignedIPv6
      self.availableIPv4 = availableIPv4
      self.availableIPv6 = availableIPv6
    }
  }
}
