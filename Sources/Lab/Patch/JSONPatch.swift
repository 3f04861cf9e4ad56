import KubernetesModel

/// JSON patch (RFC 6902): a list of operations that apply one after the other, or not at all.
package struct JSONPatch: Sendable, Hashable {
  package enum Operation: Sendable, Hashable {
    case add(JSONPointer, JSONValue)
    case remove(JSONPointer)
    case replace(JSONPointer, JSONValue)
    case move(from: JSONPointer, to: JSONPointer)
    case copy(from: JSONPointer, to: JSONPointer)
    case test(JSONPointer, JSONValue)
  }

  /// More operations than a real server accepts could keep the server busy for long.
  package static let maximumOperations = 10_000

  package let operations: [Operation]

  package init(operations: [Operation]) {
    self.operations = operations
  }

  package init(_ document: JSONValue) throws(PatchError) {
    guard case .array(let entries) = document else {
      let found = document.typeName
      throw .malformed("json: cannot unmarshal \(found) into Go value of type []handlers.jsonPatchOp")
    }
    guard entries.count <= Self.maximumOperations else { throw .tooManyOperations(entries.count) }
    var operations: [Operation] = []
    operations.reserveCapacity(entries.count)
    for entry in entries { operations.append(try Self.operation(entry)) }
    self.operations = operations
  }

  package static func apply(_ document: JSONValue, to target: JSONValue) throws(PatchError) -> JSONValue {
    try JSONPatch(document).applied(to: target)
  }

  package func applied(to target: JSONValue) throws(PatchError) -> JSONValue {
    var result = target
    for operation in self.operations {
      switch operation {
      case .add(let path, let value): try result.edit(path.tokens[...], .add(value))
      case .remove(let path): try result.edit(path.tokens[...], .remove)
      case .replace(let path, let value): try result.edit(path.tokens[...], .replace(value))
      case .move(let from, let to):
        // A value cannot move into itself (RFC 6902 §4.4).
        guard !(to.tokens.count > from.tokens.count && to.tokens.starts(with: from.tokens)) else {
          throw .notApplicable
        }
        guard let value = result.value(at: from.tokens[...]) else { throw .notApplicable }
        try result.edit(from.tokens[...], .remove)
        try result.edit(to.tokens[...], .add(value))
      case .copy(let from, let to):
        guard let value = result.value(at: from.tokens[...]) else { throw .notApplicable }
        try result.edit(to.tokens[...], .add(value))
      case .test(let path, let expected):
        // What is absent equals null, as in the JSON patch library of the real server.
        guard (result.value(at: path.tokens[...]) ?? .null).isEqualNumberwise(to: expected) else {
          throw .notApplicable
        }
      }
    }
    return result
  }

  private static func operation(_ entry: JSONValue) throws(PatchError) -> Operation {
    guard case .object(let members) = entry else {
      let found = entry.typeName
      throw .malformed("json: cannot unmarshal \(found) into Go value of type handlers.jsonPatchOp")
    }
    func pointer(_ name: String) throws(PatchError) -> JSONPointer {
      guard let text = members[name]?.string, let pointer = JSONPointer(text) else { throw .notApplicable }
      return pointer
    }
    func value() throws(PatchError) -> JSONValue {
      guard let value = members["value"] else { throw .notApplicable }
      return value
    }
    switch members["op"]?.string {
    case "add": return .add(try pointer("path"), try value())
    case "remove": return .remove(try pointer("path"))
    case "replace": return .replace(try pointer("path"), try value())
    case "move": return .move(from: try pointer("from"), to: try pointer("path"))
    case "copy": return .copy(from: try pointer("from"), to: try pointer("path"))
    case "test": return .test(try pointer("path"), members["value"] ?? .null)
    default: throw .notApplicable
    }
  }
}

private enum Edit {
  case add(JSONValue)
  case replace(JSONValue)
  case remove
}

extension JSONValue {
  fileprivate func value(at path: ArraySlice<String>) -> JSONValue? {
    guard let token = path.first else { return self }
    switch self {
    case .object(let members): return members[token]?.value(at: path.dropFirst())
    case .array(let elements):
      guard let index = Self.index(token, below: elements.count) else { return nil }
      return elements[index].value(at: path.dropFirst())
    default: return nil
    }
  }

  fileprivate mutating func edit(_ path: ArraySlice<String>, _ edit: Edit) throws(PatchError) {
    guard let token = path.first else {
      switch edit {
      case .add(let value), .replace(let value): self = value
      case .remove: throw .notApplicable
      }
      return
    }
    let isLast = path.count == 1
    switch self {
    case .object(var members):
      if isLast {
        switch edit {
        case .add(let value): members[token] = value
        case .replace(let value):
          guard members[token] != nil else { throw .notApplicable }
          members[token] = value
        case .remove:
          guard members.removeValue(forKey: token) != nil else { throw .notApplicable }
        }
      } else {
        guard var child = members[token] else { throw .notApplicable }
        try child.edit(path.dropFirst(), edit)
        members[token] = child
      }
      self = .object(members)
    case .array(var elements):
      if isLast, case .add(let value) = edit {
        let index = token == "-" ? elements.count : Self.index(token, below: elements.count + 1)
        guard let index else { throw .notApplicable }
        elements.insert(value, at: index)
      } else {
        guard let index = Self.index(token, below: elements.count) else { throw .notApplicable }
        switch (isLast, edit) {
        case (true, .replace(let value)): elements[index] = value
        case (true, .remove): elements.remove(at: index)
        case (true, .add), (false, _): try elements[index].edit(path.dropFirst(), edit)
        }
      }
      self = .array(elements)
    default:
      throw .notApplicable
    }
  }

  /// Digits without a leading zero (RFC 6901 §4).
  private static func index(_ token: String, below limit: Int) -> Int? {
    guard token.utf8.allSatisfy({ (0x30...0x39).contains($0) }), token == "0" || !token.hasPrefix("0"),
      let index = Int(token), index < limit
    else { return nil }
    return index
  }

  /// Equality where `1` and `1.0` are the same number (RFC 6902 §4.6).
  package func isEqualNumberwise(to other: JSONValue) -> Bool {
    switch (self, other) {
    case (.integer(let left), .number(let right)): Double(left) == right
    case (.number(let left), .integer(let right)): left == Double(right)
    case (.array(let left), .array(let right)):
      left.count == right.count && zip(left, right).allSatisfy { $0.isEqualNumberwise(to: $1) }
    case (.object(let left), .object(let right)):
      left.count == right.count
        && left.allSatisfy { name, value in right[name].map { value.isEqualNumberwise(to: $0) } ?? false }
    default: self == other
    }
  }
}
