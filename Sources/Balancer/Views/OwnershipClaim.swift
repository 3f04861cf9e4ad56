import KubernetesModel

/// A ServiceL2Status in the fields that tell who owns the addresses of a Service: what its writer has said for all to see
/// (Docs/decisions/0024-owners-that-stay.md).
package struct OwnershipClaim: Sendable, Hashable {
  /// The key of the object.
  package var key: ObjectKey
  /// Nil = it is about nothing.
  package var service: ObjectKey?
  package var node: String?
  /// Of several claims on one Service that with the highest term counts; 0 = its writer knows of no terms, and claims
  /// nothing.
  package var term: Int

  package init(key: ObjectKey, service: ObjectKey?, node: String?, term: Int = 0) {
    self.key = key
    self.service = service
    self.node = node
    self.term = term
  }

  package init(_ status: ServiceL2Status) {
    self.init(key: status.key, service: status.subject, node: status.node, term: status.term ?? 0)
  }
}
