import KubernetesModel

/// A set of fields of an object, as a tree.
///
/// In `fieldsV1` a field that has fields below it and is in the set itself is marked with a member named `.`.
package struct FieldSet: Sendable, Hashable {
  private struct Node: Sendable, Hashable {
    var isMember = false
    var below = FieldSet()
  }

  private var nodes: [FieldPathElement: Node] = [:]

  package init() {}

  package init(_ paths: [FieldPath]) {
    for path in paths { self.insert(path) }
  }

  package var isEmpty: Bool { self.nodes.isEmpty }

  package mutating func insert(_ path: FieldPath) {
    self.insert(path.elements[...])
  }

  private mutating func insert(_ path: ArraySlice<FieldPathElement>) {
    guard let first = path.first else { return }
    if path.count == 1 {
      self.nodes[first, default: Node()].isMember = true
    } else {
      self.nodes[first, default: Node()].below.insert(path.dropFirst())
    }
  }

  package func contains(_ element: FieldPathElement) -> Bool { self.nodes[element]?.isMember ?? false }

  /// The fields below one, without itself.
  package func below(_ element: FieldPathElement) -> FieldSet { self.nodes[element]?.below ?? FieldSet() }

  /// Whether the field or any below it is in the set.
  package func reaches(_ element: FieldPathElement) -> Bool { self.nodes[element] != nil }

  package func union(_ other: FieldSet) -> FieldSet {
    var result = self
    for (element, node) in other.nodes {
      let mine = self.nodes[element] ?? Node()
      result.nodes[element] = Node(isMember: mine.isMember || node.isMember, below: mine.below.union(node.below))
    }
    return result
  }

  package func intersection(_ other: FieldSet) -> FieldSet {
    self.combined(with: other) {
      $0 && $1
    } below: {
      $0.intersection($1)
    }
  }

  /// The fields that are not in the other set; those below a field of the other set stay.
  package func subtracting(_ other: FieldSet) -> FieldSet {
    self.combined(with: other) {
      $0 && !$1
    } below: {
      $0.subtracting($1)
    }
  }

  /// The fields that are neither in the other set nor below one that is.
  package func subtractingRecursively(_ other: FieldSet) -> FieldSet {
    var result = FieldSet()
    for (element, node) in self.nodes where !other.contains(element) {
      let below = node.below.subtractingRecursively(other.below(element))
      if node.isMember || !below.isEmpty { result.nodes[element] = Node(isMember: node.isMember, below: below) }
    }
    return result
  }

  private func combined(
    with other: FieldSet, member: (Bool, Bool) -> Bool, below: (FieldSet, FieldSet) -> FieldSet
  ) -> FieldSet {
    var result = FieldSet()
    for (element, node) in self.nodes {
      let theirs = other.nodes[element] ?? Node()
      let new = Node(isMember: member(node.isMember, theirs.isMember), below: below(node.below, theirs.below))
      if new.isMember || !new.below.isEmpty { result.nodes[element] = new }
    }
    return result
  }

  /// The paths: of each level first the members, then what is below them.
  package var paths: [FieldPath] {
    var paths: [FieldPath] = []
    self.collect(FieldPath(), into: &paths)
    return paths
  }

  private func collect(_ prefix: FieldPath, into paths: inout [FieldPath]) {
    let sorted = self.nodes.sorted { $0.key.order < $1.key.order }
    for (element, node) in sorted where node.isMember { paths.append(prefix.appending(element)) }
    for (element, node) in sorted { node.below.collect(prefix.appending(element), into: &paths) }
  }
}

extension FieldSet {
  /// Reads `fieldsV1`; members that cannot be read are left out.
  package init(fieldsV1: JSONValue) {
    for (name, value) in fieldsV1.object ?? [:] {
      guard let element = FieldPathElement(fieldsV1: name) else { continue }
      var node = Node()
      node.below = FieldSet(fieldsV1: value)
      node.isMember = value["."] != nil || node.below.isEmpty
      self.nodes[element] = node
    }
  }

  package var fieldsV1: JSONValue {
    var members: [String: JSONValue] = [:]
    for (element, node) in self.nodes {
      var value = node.below.fieldsV1
      if node.isMember, !node.below.isEmpty { value["."] = [:] }
      members[element.fieldsV1] = value
    }
    return .object(members)
  }
}
