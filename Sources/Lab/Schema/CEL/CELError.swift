/// Why an expression cannot be read or has no value.
package enum CELError: Error, Sendable, Hashable, CustomStringConvertible {
  case syntax(String, at: Int)
  case noSuchKey(String)
  case noSuchVariable(String)
  case noSuchFunction(String)
  case noSuchOverload(String)
  case outOfRange
  case tooComplex

  package var description: String {
    switch self {
    case .syntax(let detail, let offset): "compilation failed: \(detail) at character \(offset)"
    case .noSuchKey(let key): "no such key: \(key)"
    case .noSuchVariable(let name): "undeclared reference to '\(name)'"
    case .noSuchFunction(let name): "undeclared reference to function '\(name)'"
    case .noSuchOverload(let name): "no such overload: \(name)"
    case .outOfRange: "value out of range"
    case .tooComplex: "the expression takes too many steps"
    }
  }
}
