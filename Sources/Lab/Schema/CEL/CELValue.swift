import KubernetesModel

/// A value of an expression.
package enum CELValue: Sendable, Hashable {
  case null
  case bool(Bool)
  case int(Int64)
  case double(Double)
  case string(String)
  case list([CELValue])
  case map([String: CELValue])
  case duration(CELDuration)

  package init(_ json: JSONValue) {
    switch json {
    case .null: self = .null
    case .bool(let bool): self = .bool(bool)
    case .integer(let integer): self = .int(integer)
    case .number(let number): self = .double(number)
    case .string(let string): self = .string(string)
    case .array(let elements): self = .list(elements.map(CELValue.init))
    case .object(let members): self = .map(members.mapValues(CELValue.init))
    }
  }

  /// Equality in which numbers of both kinds compare by value.
  func equals(_ other: CELValue) -> Bool {
    switch (self, other) {
    case (.int(let left), .double(let right)): Double(left) == right
    case (.double(let left), .int(let right)): left == Double(right)
    case (.list(let left), .list(let right)):
      left.count == right.count && zip(left, right).allSatisfy { $0.equals($1) }
    case (.map(let left), .map(let right)):
      left.count == right.count && left.allSatisfy { key, value in right[key].map(value.equals) ?? false }
    default: self == other
    }
  }

  /// Whether this comes before the other; nil where there is no order.
  func precedes(_ other: CELValue) -> Bool? {
    switch (self, other) {
    case (.int(let left), .int(let right)): left < right
    case (.double(let left), .double(let right)): left < right
    case (.int(let left), .double(let right)): Double(left) < right
    case (.double(let left), .int(let right)): left < Double(right)
    case (.string(let left), .string(let right)): left.unicodeScalars.lexicographicallyPrecedes(right.unicodeScalars)
    case (.duration(let left), .duration(let right)): left.nanoseconds < right.nanoseconds
    case (.bool(let left), .bool(let right)): !left && right
    default: nil
    }
  }

  var text: String {
    switch self {
    case .null: "null"
    case .bool(let bool): "\(bool)"
    case .int(let integer): "\(integer)"
    case .double(let number): JSONValue.number(number).compactText
    case .string(let string): string
    case .duration(let duration): "\(duration.nanoseconds / 1_000_000_000)s"
    case .list(let elements): "[\(elements.map(\.text).joined(separator: ", "))]"
    case .map(let members):
      "{\(members.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.text)" }.joined(separator: ", "))}"
    }
  }
}

/// A length of time in Go's notation: `1h30m`, `90s`, `1500ms`, `-1.5h`.
package struct CELDuration: Sendable, Hashable {
  package let nanoseconds: Int64

  package init?(_ text: String) {
    var rest = text[...]
    let isNegative = rest.hasPrefix("-")
    if isNegative || rest.hasPrefix("+") { rest.removeFirst() }
    if rest == "0" {
      self.nanoseconds = 0
      return
    }
    guard !rest.isEmpty else { return nil }
    var total = 0.0
    while !rest.isEmpty {
      let number = rest.prefix { $0.isASCII && $0.isNumber || $0 == "." }
      guard let amount = Double(number) else { return nil }
      rest = rest.dropFirst(number.count)
      let unit = rest.prefix { !($0.isASCII && $0.isNumber) && $0 != "." }
      rest = rest.dropFirst(unit.count)
      let factor: Double
      switch unit {
      case "ns": factor = 1
      case "us", "µs", "μs": factor = 1e3
      case "ms": factor = 1e6
      case "s": factor = 1e9
      case "m": factor = 60e9
      case "h": factor = 3600e9
      default: return nil
      }
      total += amount * factor
    }
    guard let nanoseconds = Int64(exactly: (isNegative ? -total : total).rounded()) else { return nil }
    self.nanoseconds = nanoseconds
  }
}
