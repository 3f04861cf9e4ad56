/// The name of an object within its kind; `namespace` is empty for cluster-wide kinds.
package struct ObjectKey: Sendable, Hashable, Comparable, CustomStringConvertible {
  package var namespace: String
  package var name: String

  package init(namespace: String = "", name: String) {
    self.namespace = namespace
    self.name = name
  }

  /// Reads `NAMESPACE/NAME`.
  package init?(text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, !parts.contains("") else { return nil }
    self.init(namespace: parts[0], name: parts[1])
  }

  /// `namespace/name`, or just the name of a cluster-wide object.
  package var description: String { self.namespace.isEmpty ? self.name : "\(self.namespace)/\(self.name)" }

  package static func < (left: ObjectKey, right: ObjectKey) -> Bool {
    (left.namespace, left.name) < (right.namespace, right.name)
  }
}
