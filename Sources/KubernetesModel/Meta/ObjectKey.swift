/// The name of an object within its kind; `namespace` is empty for cluster-wide kinds.
package struct ObjectKey: Sendable, Hashable, Comparable, CustomStringConvertible {
  package var namespace: String
  package var name: String

  package init(namespace: String = "", name: String) {
    self.namespace = namespace
    self.name = name
  }

  /// `namespace/name`, or just the name of a cluster-wide object.
  package var description: String { self.namespace.isEmpty ? self.name : "\(self.namespace)/\(self.name)" }

  package static func < (left: ObjectKey, right: ObjectKey) -> Bool {
    (left.namespace, left.name) < (right.namespace, right.name)
  }
}
