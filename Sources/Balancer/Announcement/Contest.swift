import KubernetesModel

/// A Service that this node announces, or may, and another node that was heard to announce it, too.
struct Contest: Sendable, Hashable, Comparable {
  var service: ObjectKey
  var node: String

  static func < (left: Contest, right: Contest) -> Bool {
    left.service == right.service ? left.node < right.node : left.service < right.service
  }
}
