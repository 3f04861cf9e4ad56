import KubernetesModel

/// One step from a value to a part of it, as managed fields write it.
package enum FieldPathElement: Sendable, Hashable {
  case field(String)
  /// An element of a list by its key members.
  case key([String: JSONValue])
  /// An element of a set by its value.
  case value(JSONValue)
  case index(Int)

  /// `f:name`, `k:{"port":80}`, `v:"x"`, `i:0`.
  package init?(fieldsV1 text: String) {
    guard text.utf8.count >= 2, let separator = text.firstIndex(of: ":"),
      text.distance(from: text.startIndex, to: separator) == 1
    else { return nil }
    let rest = String(text[text.index(after: separator)...])
    switch text.first {
    case "f": self = .field(rest)
    case "k":
      guard case .object(let members)? = JSONValue(text: rest) else { return nil }
      self = .key(members)
    case "v":
      guard let value = JSONValue(text: rest) else { return nil }
      self = .value(value)
    case "i":
      guard let index = Int(rest) else { return nil }
      self = .index(index)
    default: return nil
    }
  }

  package var fieldsV1: String {
    switch self {
    case .field(let name): "f:\(name)"
    case .key(let members): "k:\(JSONValue.object(members).compactTextUnescaped)"
    case .value(let value): "v:\(value.compactTextUnescaped)"
    case .index(let index): "i:\(index)"
    }
  }

  /// Fields come before keys, values and indexes.
  var order: (Int, String) {
    switch self {
    case .field(let name): (0, name)
    case .key: (1, self.fieldsV1)
    case .value: (2, self.fieldsV1)
    case .index(let index): (3, String(repeating: "0", count: max(0, 10 - String(index).count)) + String(index))
    }
  }
}

/// The way from an object to a field: `.spec.ports[port=80,protocol="TCP"].name`.
package struct FieldPath: Sendable, Hashable, CustomStringConvertible {
  package var elements: [FieldPathElement]

  package init(_ elements: [FieldPathElement] = []) {
    self.elements = elements
  }

  package func appending(_ element: FieldPathElement) -> FieldPath { FieldPath(self.elements + [element]) }

  package var description: String {
    self.elements.map { element in
      switch element {
      case .field(let name): ".\(name)"
      case .key(let members):
        "[\(members.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.compactTextUnescaped)" }.joined(separator: ","))]"
      case .value(let value): "[=\(value.compactTextUnescaped)]"
      case .index(let index): "[\(index)]"
      }
    }.joined()
  }
}
