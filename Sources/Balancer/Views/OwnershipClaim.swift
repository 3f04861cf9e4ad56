import KubernetesModel
import Primitives

/// A ServiceL2Status in the fields that tell who owns the addresses of a Service: what its announcer has written for all to
/// see.
package struct OwnershipClaim: Sendable, Hashable {
  /// The key of the object.
  package var key: ObjectKey
  /// Nil = it is about nothing.
  package var service: ObjectKey?
  package var node: String?
  /// When it was created; of several about one Service the youngest counts.
  package var createdAt: Timestamp?

  package init(key: ObjectKey, service: ObjectKey?, node: String?, createdAt: Timestamp? = nil) {
    self.key = key
    self.service = service
    self.node = node
    self.createdAt = createdAt
  }

  package init(_ status: ServiceL2Status) {
    self.init(
      key: status.key, service: status.subject, node: status.node, createdAt: status.metadata.creationTimestamp)
  }

  /// Whether this one counts, and not the other: times have whole seconds, so there must be more to tell them apart.
  func isYounger(than other: OwnershipClaim) -> Bool {
    (self.createdAt?.microseconds ?? 0, self.key) > (other.createdAt?.microseconds ?? 0, other.key)
  }
}
