/// A Lease: who holds what, renewed by whoever holds it (`coordination.k8s.io/v1`).
package struct Lease: KubernetesResource, Hashable {
  package static let type = ResourceType(
    group: "coordination.k8s.io", version: "v1", plural: "leases", kind: "Lease")

  package var metadata: ObjectMeta
  package var spec: Spec?

  package init(metadata: ObjectMeta, spec: Spec? = nil) {
    self.metadata = metadata
    self.spec = spec
  }

  /// Times are kept as text, as they are shown to people and never reckoned with.
  package struct Spec: Codable, Sendable, Hashable {
    package var holderIdentity: String?
    package var leaseDurationSeconds: Int?
    package var acquireTime: String?
    package var renewTime: String?
    package var leaseTransitions: Int?

    package init(
      holderIdentity: String? = nil, leaseDurationSeconds: Int? = nil, acquireTime: String? = nil,
      renewTime: String? = nil, leaseTransitions: Int? = nil
    ) {
      self.holderIdentity = holderIdentity
      self.leaseDurationSeconds = leaseDurationSeconds
      self.acquireTime = acquireTime
      self.renewTime = renewTime
      self.leaseTransitions = leaseTransitions
    }
  }
}
