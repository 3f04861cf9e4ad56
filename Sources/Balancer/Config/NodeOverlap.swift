import KubernetesModel

/// Whether two lists of node selectors have a node in common; an empty list selects every node.
enum NodeOverlap {
  /// `nodes` are the labels of all nodes; where they are not known, only selectors that are equal, or that select every
  /// node, are known to have one in common.
  static func exists(_ left: [LabelSelector], _ right: [LabelSelector], nodes: [[String: String]]?) -> Bool {
    guard let nodes else { return left.isEmpty || right.isEmpty || left == right }
    return nodes.contains { labels in
      (left.isEmpty || left.anyMatches(labels)) && (right.isEmpty || right.anyMatches(labels))
    }
  }
}
