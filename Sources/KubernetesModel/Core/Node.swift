/// A Node, in the fields that decide whether it may announce (contract section 4).
package struct Node: KubernetesResource, Hashable {
  package static let type = ResourceType(group: "", version: "v1", plural: "nodes", kind: "Node", isNamespaced: false)

  package var metadata: ObjectMeta
  package var spec: NodeSpec?
  package var status: NodeStatus?

  package init(metadata: ObjectMeta, spec: NodeSpec? = nil, status: NodeStatus? = nil) {
    self.metadata = metadata
    self.spec = spec
    self.status = status
  }
}

/// What an operator asks of a Node.
package struct NodeSpec: Codable, Sendable, Hashable {
  package var unschedulable: Bool?
  package var podCIDR: String?
  package var podCIDRs: [String]?

  package init(unschedulable: Bool? = nil, podCIDR: String? = nil, podCIDRs: [String]? = nil) {
    self.unschedulable = unschedulable
    self.podCIDR = podCIDR
    self.podCIDRs = podCIDRs
  }
}

/// What is known of a Node.
package struct NodeStatus: Codable, Sendable, Hashable {
  package var conditions: [NodeCondition]?
  package var addresses: [NodeAddress]?

  package init(conditions: [NodeCondition]? = nil, addresses: [NodeAddress]? = nil) {
    self.conditions = conditions
    self.addresses = addresses
  }
}

/// One condition of a Node, such as `Ready` or `NetworkUnavailable`.
package struct NodeCondition: Codable, Sendable, Hashable {
  package var type: String
  /// `True`, `False` or `Unknown`.
  package var status: String

  package init(type: String, status: String) {
    self.type = type
    self.status = status
  }
}

/// One address of a Node.
package struct NodeAddress: Codable, Sendable, Hashable {
  /// `InternalIP`, `ExternalIP`, `Hostname`, ...
  package var type: String
  package var address: String

  package init(type: String, address: String) {
    self.type = type
    self.address = address
  }
}
