/// A Service, in the fields that allocation and announcement read (contract section 4).
package struct Service: KubernetesResource, Hashable {
  package static let type = ResourceType(group: "", version: "v1", plural: "services", kind: "Service")

  package var metadata: ObjectMeta
  package var spec: ServiceSpec?
  package var status: ServiceStatus?

  package init(metadata: ObjectMeta, spec: ServiceSpec? = nil, status: ServiceStatus? = nil) {
    self.metadata = metadata
    self.spec = spec
    self.status = status
  }
}

/// What a user asks of a Service.
package struct ServiceSpec: Codable, Sendable, Hashable {
  package var type: String?
  package var selector: [String: String]?
  package var ports: [ServicePort]?
  package var clusterIP: String?
  package var clusterIPs: [String]?
  package var ipFamilies: [String]?
  package var ipFamilyPolicy: String?
  package var loadBalancerIP: String?
  package var loadBalancerClass: String?
  package var externalTrafficPolicy: String?

  package init(
    type: String? = nil, selector: [String: String]? = nil, ports: [ServicePort]? = nil, clusterIP: String? = nil,
    clusterIPs: [String]? = nil, ipFamilies: [String]? = nil, ipFamilyPolicy: String? = nil,
    loadBalancerIP: String? = nil, loadBalancerClass: String? = nil, externalTrafficPolicy: String? = nil
  ) {
    self.type = type
    self.selector = selector
    self.ports = ports
    self.clusterIP = clusterIP
    self.clusterIPs = clusterIPs
    self.ipFamilies = ipFamilies
    self.ipFamilyPolicy = ipFamilyPolicy
    self.loadBalancerIP = loadBalancerIP
    self.loadBalancerClass = loadBalancerClass
    self.externalTrafficPolicy = externalTrafficPolicy
  }
}

/// One port of a Service.
package struct ServicePort: Codable, Sendable, Hashable {
  package var name: String?
  /// `TCP` (the default), `UDP` or `SCTP`.
  package var `protocol`: String?
  package var port: Int
  package var targetPort: IntOrString?
  package var nodePort: Int?

  package init(
    name: String? = nil, protocol: String? = nil, port: Int, targetPort: IntOrString? = nil, nodePort: Int? = nil
  ) {
    self.name = name
    self.protocol = `protocol`
    self.port = port
    self.targetPort = targetPort
    self.nodePort = nodePort
  }
}

/// What the cluster says of a Service; `conditions` belong to others and are passed through.
package struct ServiceStatus: Codable, Sendable, Hashable {
  package var loadBalancer: LoadBalancerStatus?
  package var conditions: [JSONValue]?

  package init(loadBalancer: LoadBalancerStatus? = nil, conditions: [JSONValue]? = nil) {
    self.loadBalancer = loadBalancer
    self.conditions = conditions
  }
}

/// The addresses at which a Service can be reached from outside.
package struct LoadBalancerStatus: Codable, Sendable, Hashable {
  package var ingress: [LoadBalancerIngress]?

  package init(ingress: [LoadBalancerIngress]? = nil) {
    self.ingress = ingress
  }
}

/// One external address; we write `ip` alone, the server adds `ipMode`.
package struct LoadBalancerIngress: Codable, Sendable, Hashable {
  package var ip: String?
  package var hostname: String?
  package var ipMode: String?

  package init(ip: String? = nil, hostname: String? = nil, ipMode: String? = nil) {
    self.ip = ip
    self.hostname = hostname
    self.ipMode = ipMode
  }
}
