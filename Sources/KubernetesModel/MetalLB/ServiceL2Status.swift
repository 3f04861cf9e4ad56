/// Which node announces a Service on the local network, and on which interfaces (contract section 14).
package struct ServiceL2Status: KubernetesResource, Hashable {
  package static let type = ResourceType(
    group: "metallb.io", version: "v1beta1", plural: "servicel2statuses", kind: "ServiceL2Status")

  package var metadata: ObjectMeta
  package var status: Status?

  package init(metadata: ObjectMeta, status: Status? = nil) {
    self.metadata = metadata
    self.status = status
  }

  /// The first three fields cannot be changed once they are set.
  package struct Status: Codable, Sendable, Hashable {
    package var node: String?
    package var serviceName: String?
    package var serviceNamespace: String?
    /// Absent = all interfaces.
    package var interfaces: [Interface]?

    package init(
      node: String? = nil, serviceName: String? = nil, serviceNamespace: String? = nil, interfaces: [Interface]? = nil
    ) {
      self.node = node
      self.serviceName = serviceName
      self.serviceNamespace = serviceNamespace
      self.interfaces = interfaces
    }
  }

  package struct Interface: Codable, Sendable, Hashable {
    package var name: String?

    package init(name: String? = nil) {
      self.name = name
    }
  }
}
