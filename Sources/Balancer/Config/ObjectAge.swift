import KubernetesModel

/// The place of an object in the order of age: the older before the younger, then by name.
///
/// Of two objects that cannot both be in force, the one that comes later in this order gives way, so that a new object
/// never spoils one that works.
package struct ObjectAge: Sendable, Hashable, Comparable {
  private let created: Int64
  private let name: String
  private let namespace: String

  /// Nil stands for an object of which nothing but the name is known; it comes last, as one that is about to be created.
  package init(_ key: ObjectKey, _ metadata: ObjectMeta?) {
    self.created = metadata?.creationTimestamp?.microseconds ?? .max
    self.name = key.name
    self.namespace = key.namespace
  }

  package static func < (left: ObjectAge, right: ObjectAge) -> Bool {
    (left.created, left.name, left.namespace) < (right.created, right.name, right.namespace)
  }
}
