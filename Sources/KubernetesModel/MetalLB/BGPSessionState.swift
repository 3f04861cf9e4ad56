/// How the session of a node with a BGP router stands, in the form that frr-k8s gave it (contract section 14).
package struct BGPSessionState: KubernetesResource, Hashable {
  package static let type = ResourceType(
    group: "frrk8s.metallb.io", version: "v1beta1", plural: "bgpsessionstates", kind: "BGPSessionState")

  package var metadata: ObjectMeta
  package var status: Status?

  package init(metadata: ObjectMeta, status: Status? = nil) {
    self.metadata = metadata
    self.status = status
  }

  package struct Status: Codable, Sendable, Hashable {
    /// One of the states of RFC 4271, such as `Established`.
    package var bgpStatus: String?
    /// As FRR names the states of BFD, such as `up`; `N/A` = there is no BFD session.
    package var bfdStatus: String?
    package var node: String?
    /// Where the router is: an address, or the interface that it is found on.
    package var peer: String?
    /// Absent = the default one.
    package var vrf: String?

    package init(
      bgpStatus: String? = nil, bfdStatus: String? = nil, node: String? = nil, peer: String? = nil, vrf: String? = nil
    ) {
      self.bgpStatus = bgpStatus
      self.bfdStatus = bfdStatus
      self.node = node
      self.peer = peer
      self.vrf = vrf
    }
  }
}
