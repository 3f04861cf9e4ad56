import KubernetesModel

/// Walks through values by their shape: which fields there are, what differs, how two values merge.
extension Shape {
  /// A value seen by its shape.
  private enum View {
    case leaf
    case members([String: JSONValue])
    case elements([JSONValue], Shape, ListKind)
  }

  private func view(_ value: JSONValue?) -> View {
    switch (self, value) {
    case (.named, .object(let members)), (.record, .object(let members)):
      self.record?.isAtomic == true ? .leaf : .members(members)
    case (.map(_, let isAtomic), .object(let members)): isAtomic ? .leaf : .members(members)
    case (.deduced, .object(let members)): .members(members)
    case (.list(let element, let kind), .array(let elements)):
      kind == .atomic ? .leaf : .elements(elements, element, kind)
    default: .leaf
    }
  }

  /// The shape of a member; `isNamed` where the schema names it, as opposed to a key of a map.
  private func member(_ name: String) -> (shape: Shape, isNamed: Bool) {
    switch self {
    case .named, .record:
      guard let field = self.record?.field(name) else { return (.deduced, false) }
      return (field.isAtomic ? .opaque : field.shape, true)
    case .map(let value, _): return (value, false)
    default: return (.deduced, false)
    }
  }

  /// How an element of a list is told apart.
  func pathElement(of element: JSONValue, in kind: ListKind, at index: Int) -> FieldPathElement {
    switch kind {
    case .atomic: return .index(index)
    case .set: return .value(element)
    case .map(let keys):
      var members: [String: JSONValue] = [:]
      for key in keys { members[key] = element[key] ?? self.record?.field(key)?.defaultValue }
      return members.isEmpty ? .index(index) : .key(members)
    }
  }

  // MARK: - The fields of a value

  /// The fields that a writer of `value` sets.
  package func fields(of value: JSONValue) -> FieldSet {
    var set = FieldSet()
    self.collect(value, at: FieldPath(), into: &set)
    return set
  }

  private func collect(_ value: JSONValue, at path: FieldPath, into set: inout FieldSet) {
    switch self.view(value) {
    case .leaf: set.insert(path)
    case .members(let members):
      for (name, member) in members {
        let (shape, isNamed) = self.member(name)
        let inner = path.appending(.field(name))
        shape.collect(member, at: inner, into: &set)
        if !isNamed || member == .null || member == [:] { set.insert(inner) }
      }
    case .elements(let elements, let shape, let kind):
      for (index, element) in elements.enumerated() {
        let inner = path.appending(shape.pathElement(of: element, in: kind, at: index))
        shape.collect(element, at: inner, into: &set)
        set.insert(inner)
      }
    }
  }

  // MARK: - Differences

  package struct Difference: Sendable, Hashable {
    package var added = FieldSet()
    package var modified = FieldSet()
    package var removed = FieldSet()

    package var isEmpty: Bool { self.added.isEmpty && self.modified.isEmpty && self.removed.isEmpty }
  }

  package func difference(from old: JSONValue?, to new: JSONValue?) -> Difference {
    var difference = Difference()
    self.compare(old, new, at: FieldPath(), into: &difference)
    return difference
  }

  private func compare(_ old: JSONValue?, _ new: JSONValue?, at path: FieldPath, into difference: inout Difference) {
    guard old != nil || new != nil else { return }
    var isLeaf = false
    switch (self.view(new ?? old), self.view(old ?? new)) {
    case (.members(let some), .members(let others)):
      let after = new == nil ? [:] : some
      let before = old == nil ? [:] : others
      if before.isEmpty, after.isEmpty {
        isLeaf = true
      } else {
        for name in Set(before.keys).union(after.keys) {
          self.member(name).shape.compare(
            before[name], after[name], at: path.appending(.field(name)), into: &difference)
        }
      }
    case (.elements(let some, let shape, let kind), .elements(let others, _, _)):
      let after = shape.keyed(new == nil ? [] : some, kind)
      let before = shape.keyed(old == nil ? [] : others, kind)
      for element in Set(before.keys).union(after.keys) {
        shape.compare(before[element], after[element], at: path.appending(element), into: &difference)
      }
    default: isLeaf = true
    }
    guard !path.elements.isEmpty else { return }
    if old == nil {
      difference.added.insert(path)
    } else if new == nil {
      difference.removed.insert(path)
    } else if isLeaf, old != new {
      difference.modified.insert(path)
    }
  }

  private func keyed(_ elements: [JSONValue], _ kind: ListKind) -> [FieldPathElement: JSONValue] {
    let pairs = elements.enumerated().map { (self.pathElement(of: $1, in: kind, at: $0), $1) }
    return Dictionary(pairs) { first, _ in first }
  }

  // MARK: - Merging and removing

  /// `value` with what `configuration` says.
  package func merged(_ configuration: JSONValue, into value: JSONValue?) -> JSONValue {
    guard let value else { return configuration }
    switch (self.view(configuration), self.view(value)) {
    case (.members(let changes), .members(var members)):
      for (name, change) in changes { members[name] = self.member(name).shape.merged(change, into: members[name]) }
      return .object(members)
    case (.elements(let changes, let shape, let kind), .elements(let elements, _, _)):
      return .array(shape.mergedList(changes, into: elements, kind))
    default:
      return configuration
    }
  }

  /// What both have stands in the order of the configuration; what only the object has keeps its place among them.
  private func mergedList(_ changes: [JSONValue], into elements: [JSONValue], _ kind: ListKind) -> [JSONValue] {
    let live = elements.enumerated().map { (self.pathElement(of: $1, in: kind, at: $0), $1) }
    let wanted = changes.enumerated().map { (self.pathElement(of: $1, in: kind, at: $0), $1) }
    let known = Dictionary(live) { first, _ in first }
    let named = Set(wanted.map(\.0))
    var result: [JSONValue] = []
    var rest = live[...]
    for (element, change) in wanted {
      while let next = rest.first, !named.contains(next.0) {
        result.append(next.1)
        rest = rest.dropFirst()
      }
      result.append(self.merged(change, into: known[element]))
      if rest.first?.0 == element { rest = rest.dropFirst() }
    }
    return result + rest.filter { !named.contains($0.0) }.map(\.1)
  }

  /// `value` without the fields of `removed`, except those that `kept` contains or needs.
  package func removing(_ removed: FieldSet, keeping kept: FieldSet, from value: JSONValue) -> JSONValue {
    switch self.view(value) {
    case .leaf: return value
    case .members(let members):
      var result: [String: JSONValue] = [:]
      for (name, member) in members {
        let element = FieldPathElement.field(name)
        let (shape, isNamed) = self.member(name)
        if removed.contains(element), !kept.reaches(element) { continue }
        let rest = shape.removing(removed.below(element), keeping: kept.below(element), from: member)
        // A field that the schema names belongs to whoever set something below it, and goes with the last of that.
        let isEmptied = rest != member && (rest == [:] || rest == [])
        if isEmptied, isNamed, removed.reaches(element), !kept.reaches(element) { continue }
        result[name] = rest
      }
      return .object(result)
    case .elements(let elements, let shape, let kind):
      var result: [JSONValue] = []
      for (index, element) in elements.enumerated() {
        let place = shape.pathElement(of: element, in: kind, at: index)
        if removed.contains(place), !kept.reaches(place) { continue }
        result.append(shape.removing(removed.below(place), keeping: kept.below(place), from: element))
      }
      return .array(result)
    }
  }

  // MARK: - Checks

  /// The first thing in a configuration that the schema has no place for, as the server's sentence; nil = none.
  package func misfit(in value: JSONValue, at path: FieldPath = FieldPath()) -> String? {
    switch self.view(value) {
    case .leaf: return nil
    case .members(let members):
      for (name, member) in members.sorted(by: { $0.key < $1.key }) {
        let inner = path.appending(.field(name))
        if let record = self.record, !record.isOpen, record.field(name) == nil {
          return "\(inner): field not declared in schema"
        }
        if let misfit = self.member(name).shape.misfit(in: member, at: inner) { return misfit }
      }
      return nil
    case .elements(let elements, let shape, let kind):
      var seen: Set<FieldPathElement> = []
      for (index, element) in elements.enumerated() {
        let place = shape.pathElement(of: element, in: kind, at: index)
        if case .index = place, case .map(let keys) = kind {
          let list = keys.map { "\"\($0)\"" }.joined(separator: ", ")
          return "\(path): element \(index): associative list with keys has an element that omits key field \(list)"
        }
        if !seen.insert(place).inserted {
          return "\(path): duplicate entries for key \(FieldPath([place]))"
        }
        if let misfit = shape.misfit(in: element, at: path.appending(place)) { return misfit }
      }
      return nil
    }
  }
}
