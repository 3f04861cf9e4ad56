/// Some of the endpoints of a Service, of one address family.
package struct EndpointSlice: KubernetesResource, Hashable {
  package static let type = ResourceType(
    group: "discovery.k8s.io", version: "v1", plural: "endpointslices", kind: "EndpointSlice")

  /// The label that names the Service.
  package static let serviceNameLabel = "kubernetes.io/service-name"

  package var metadata: ObjectMeta
  /// `IPv4`, `IPv6` or `FQDN`.
  package var addressType: String?
  package var endpoints: [Endpoint]?
  package var ports: [EndpointPort]?

  package init(
    metadata: ObjectMeta, addressType: String? = nil, endpoints: [Endpoint]? = nil, ports: [EndpointPort]? = nil
  ) {
    self.metadata = metadata
    self.addressType = addressType
    self.endpoints = endpoints
    self.ports = ports
  }

  /// The Service that the slice belongs to, if it is labelled with one.
  package var service: ObjectKey? {
    self.metadata.labels?[Self.serviceNameLabel].map { ObjectKey(namespace: self.metadata.namespace ?? "", name: $0) }
  }
}

/// One endpoint: a pod, as a rule.
package struct Endpoint: Codable, Sendable, Hashable {
  package var addresses: [String]?
  package var conditions: EndpointConditions?
  package var nodeName: String?

  package init(addresses: [String]? = nil, conditions: EndpointConditions? = nil, nodeName: String? = nil) {
    self.addresses = addresses
    self.conditions = conditions
    self.nodeName = nodeName
  }

  /// Whether traffic may be sent here: `ready` absent or true, or `serving` true (contract section 10).
  package var isUsable: Bool { (self.conditions?.ready ?? true) || (self.conditions?.serving ?? false) }
}

/// The state of an endpoint; an absent value is unknown.
package struct EndpointConditions: Codable, Sendable, Hashable {
  package var ready: Bool?
  package var serving: Bool?
  package var terminating: Bool?

  package init(ready: Bool? = nil, serving: Bool? = nil, terminating: Bool? = nil) {
    self.ready = ready
    self.serving = serving
    self.terminating = terminating
  }
}

/// One port of the endpoints of a slice.
package struct EndpointPort: Codable, Sendable, Hashable {
  package var name: String?
  package var port: Int?
  package var `protocol`: String?

  package init(name: String? = nil, port: Int? = nil, protocol: String? = nil) {
    self.name = name
    self.port = port
    self.protocol = `protocol`
  }
}
