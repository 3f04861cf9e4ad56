import KubernetesModel

/// Strategic merge patch: a merge patch that knows which lists are maps, and by which member of their elements.
///
/// What `kubectl apply`, `patch`, `edit`, `set` and `taint` send for built-in kinds. Directives in the patch:
///
///     $patch: delete | replace                    on an object, or in an element of a list
///     $setElementOrder/<list>                     the order of what the writer knows; the rest stays where it was
///     $deleteFromPrimitiveList/<list>             values to take out of a list of strings or numbers
///     $retainKeys                                 the members of an object that stay
package enum StrategicMergePatch {
  /// Applies a patch to an object of a built-in kind. For custom resources there is no such patch: 415.
  package static func apply(
    _ patch: JSONValue, to target: JSONValue, type: ResourceType
  ) throws(PatchError) -> JSONValue {
    try self.apply(patch, to: target, shape: BuiltInTypes.shape(for: type) ?? .opaque)
  }

  package static func apply(
    _ patch: JSONValue, to target: JSONValue, shape: Shape
  ) throws(PatchError) -> JSONValue {
    guard let changes = patch.object else {
      throw .malformed("json: cannot unmarshal \(patch.typeName) into Go value of type map[string]interface {}")
    }
    return .object(try self.merge(changes, into: target.object ?? [:], shape: shape))
  }

  private static let directive = "$patch"
  private static let retainKeys = "$retainKeys"
  private static let elementOrder = "$setElementOrder/"
  private static let deleteFromList = "$deleteFromPrimitiveList/"

  private static func merge(
    _ patch: [String: JSONValue], into original: [String: JSONValue], shape: Shape
  ) throws(PatchError) -> [String: JSONValue] {
    var patch = patch
    var result = original
    if let directive = patch.removeValue(forKey: Self.directive) {
      switch directive.string {
      case "replace": return patch
      case "delete": return [:]
      default: throw .invalidStrategicPatch("unknown patch type: \(directive.goText) in map: \(mapText(patch))")
      }
    }
    if let retained = patch.removeValue(forKey: Self.retainKeys) {
      let names = Set((retained.array ?? []).compactMap(\.string))
      guard patch.keys.allSatisfy({ names.contains($0) || $0.hasPrefix("$") }) else {
        throw .invalidStrategicPatch("doesn't match the expected format of \(Self.retainKeys)")
      }
      result = result.filter { names.contains($0.key) }
    }
    for (name, order) in patch where name.hasPrefix(Self.elementOrder) {
      patch[name] = nil
      let list = String(name.dropFirst(Self.elementOrder.count))
      let changes = patch.removeValue(forKey: list)
      try self.reorder(list, in: &result, changes: changes, order: order.array ?? [], shape: shape)
    }
    for (name, values) in patch where name.hasPrefix(Self.deleteFromList) {
      patch[name] = nil
      let list = String(name.dropFirst(Self.deleteFromList.count))
      guard let present = result[list]?.array else { continue }
      let deleted = values.array ?? []
      result[list] = .array(present.filter { !deleted.contains($0) })
    }
    for (name, change) in patch {
      result[name] = try self.merged(change, into: result[name], field: FieldView(shape, name))
    }
    return result
  }

  /// The new value of one member; nil = it goes.
  private static func merged(
    _ change: JSONValue, into present: JSONValue?, field: FieldView
  ) throws(PatchError) -> JSONValue? {
    switch (change, present) {
    case (.null, _): return nil
    case (.object(let changes), .object(let members)) where !field.patch.replaces:
      return .object(try self.merge(changes, into: members, shape: field.shape))
    case (.array(let changes), .array(let elements)) where field.patch.merges:
      return .array(try self.mergeList(changes, into: elements, field: field, order: changes))
    default:
      return change.withoutDirectives()
    }
  }

  /// Merges a list and puts it in order: what `order` names as it says, the rest where it was between them.
  private static func mergeList(
    _ changes: [JSONValue], into elements: [JSONValue], field: FieldView, order: [JSONValue]
  ) throws(PatchError) -> [JSONValue] {
    guard let mergeKey = field.patch.mergeKey else {
      var merged: [JSONValue] = []
      for value in elements + changes where !merged.contains(value) { merged.append(value) }
      return self.ordered(merged, by: order, live: elements) { $0 }
    }
    func key(_ element: JSONValue) -> JSONValue { element[mergeKey] ?? .null }
    var merged = elements
    var additions: [JSONValue] = []
    var replaces = false
    for change in changes {
      guard let directive = change[Self.directive] else {
        additions.append(change)
        continue
      }
      switch directive.string {
      case "delete":
        guard let value = change[mergeKey] else { throw self.missingKey(mergeKey, in: change) }
        merged.removeAll { key($0).isEqualNumberwise(to: value) }
      case "replace": replaces = true
      case "merge": throw .invalidStrategicPatch("merging lists cannot yet be specified in the patch")
      default:
        throw .invalidStrategicPatch("unknown patch type: \(directive.goText) in map: \(change.goText)")
      }
    }
    if replaces { return additions.compactMap { $0.withoutDirectives() } }
    for addition in additions {
      guard case .object(let members) = addition else {
        throw .invalidStrategicPatch("all elements of a list that merges by \(mergeKey) must be objects")
      }
      guard let value = members[mergeKey] else { throw self.missingKey(mergeKey, in: addition) }
      if let index = merged.firstIndex(where: { key($0).isEqualNumberwise(to: value) }) {
        merged[index] = .object(
          try self.merge(members, into: merged[index].object ?? [:], shape: field.elementShape))
      } else if let new = addition.withoutDirectives() {
        merged.append(new)
      }
    }
    return self.ordered(merged, by: order, live: elements, key: key)
  }

  private static func reorder(
    _ list: String, in members: inout [String: JSONValue], changes: JSONValue?, order: [JSONValue], shape: Shape
  ) throws(PatchError) {
    let field = FieldView(shape, list)
    switch (members[list], changes) {
    case (nil, nil), (_, .some(.null)):
      members[list] = nil
    case (nil, .some(let changes)):
      members[list] = changes.withoutDirectives()
    case (.some(let present), let changes):
      let elements = present.array ?? []
      members[list] = .array(
        try self.mergeList(changes?.array ?? [], into: elements, field: field, order: order))
    }
  }

  /// Known elements in the writer's order; each other one stays before the known ones that it stood before.
  private static func ordered(
    _ merged: [JSONValue], by order: [JSONValue], live: [JSONValue], key: (JSONValue) -> JSONValue
  ) -> [JSONValue] {
    func index(of element: JSONValue, in list: [JSONValue]) -> Int? {
      list.firstIndex { key($0).isEqualNumberwise(to: key(element)) }
    }
    var known: [(position: Int, element: JSONValue)] = []
    var others: [(position: Int, element: JSONValue)] = []
    for element in merged {
      if let position = index(of: element, in: order) {
        known.append((position, element))
      } else {
        others.append((index(of: element, in: live) ?? live.count, element))
      }
    }
    known.sort { $0.position < $1.position }
    others.sort { $0.position < $1.position }
    var result: [JSONValue] = []
    var rest = others[...]
    for (_, element) in known {
      while let other = rest.first, let position = index(of: element, in: live), other.position < position {
        result.append(other.element)
        rest = rest.dropFirst()
      }
      result.append(element)
    }
    return result + rest.map(\.element)
  }

  private static func missingKey(_ key: String, in element: JSONValue) -> PatchError {
    .invalidStrategicPatch("map: \(element.goText) does not contain declared merge key: \(key)")
  }
}

/// A member of an object as a patch sees it.
private struct FieldView {
  var shape: Shape
  var patch: PatchBehaviour

  init(_ parent: Shape, _ name: String) {
    if let record = parent.record {
      let field = record.field(name)
      self.shape = field?.shape ?? .opaque
      self.patch = field?.patch ?? PatchBehaviour()
    } else if case .map(let value, _) = parent {
      self.shape = value
      self.patch = PatchBehaviour()
    } else {
      self.shape = .opaque
      self.patch = PatchBehaviour()
    }
  }

  var elementShape: Shape {
    if case .list(let element, _) = self.shape { element } else { .opaque }
  }
}

extension JSONValue {
  /// The value as it is stored when there was nothing to merge it with: without directives and nulls.
  fileprivate func withoutDirectives() -> JSONValue? {
    switch self {
    case .null: nil
    case .object(let members):
      .object(members.filter { !$0.key.isDirective }.compactMapValues { $0.withoutDirectives() })
    case .array(let elements):
      .array(elements.filter { $0["$patch"] == nil }.compactMap { $0.withoutDirectives() })
    default: self
    }
  }

  package var typeName: String {
    switch self {
    case .null: "null"
    case .bool: "bool"
    case .integer, .number: "number"
    case .string: "string"
    case .array: "array"
    case .object: "object"
    }
  }

  /// The value in the notation of the real server's messages: `map[port:80]`.
  package var goText: String {
    switch self {
    case .null: "<nil>"
    case .bool(let bool): "\(bool)"
    case .integer(let integer): "\(integer)"
    case .number(let number): "\(number)"
    case .string(let string): string
    case .array(let elements): "[\(elements.map(\.goText).joined(separator: " "))]"
    case .object(let members): mapText(members)
    }
  }
}

private func mapText(_ members: [String: JSONValue]) -> String {
  let entries = members.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value.goText)" }
  return "map[\(entries.joined(separator: " "))]"
}

extension String {
  fileprivate var isDirective: Bool {
    self == "$patch" || self == "$retainKeys" || self.hasPrefix("$setElementOrder/")
      || self.hasPrefix("$deleteFromPrimitiveList/")
  }
}
