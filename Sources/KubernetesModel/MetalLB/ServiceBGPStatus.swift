/// To which peers a node announces a Service (contract section 14): those it is meant for, whatever their sessions do.
package struct ServiceBGPStatus: KubernetesResource, Hashable {
  package static let type = ResourceType(
    group: "metallb.io", version: "v1beta1", plural: "servicebgpstatuses", kind: "ServiceBGPStatus")

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
    /// Names of BGPPeers, sorted.
    package var peers: [String]?

    package init(
      node: String? = nil, serviceName: String? = nil, serviceNamespace: String? = nil, peers: [String]? = nil
    ) {
      self.node = node
      self.serviceName = serviceName
      self.serviceNamespace = serviceNamespace
      self.peers = peers
    }
  }
}
