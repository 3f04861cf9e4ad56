import KubernetesModel

/// A selector over fields as queries write it: `metadata.name=a,status.phase!=Running`.
package struct FieldSelector: Sendable, Hashable {
  package struct Term: Sendable, Hashable {
    package var path: String
    package var isEqual: Bool
    package var value: String
  }

  package var terms: [Term]

  package static let everything = FieldSelector(terms: [])

  package init(terms: [Term]) {
    self.terms = terms
  }

  package init(query: String) throws(SelectorError) {
    self.terms = []
    for part in query.split(separator: ",") {
      if let range = part.firstRange(of: "!=") {
        self.terms.append(Term(part[..<range.lowerBound], false, part[range.upperBound...]))
      } else if let range = part.firstRange(of: "==") ?? part.firstRange(of: "=") {
        self.terms.append(Term(part[..<range.lowerBound], true, part[range.upperBound...]))
      } else {
        throw SelectorError(description: "invalid selector: '\(query)'; can't understand '\(part)'")
      }
    }
  }

  /// The name that the selector asks for, when it asks for one.
  package var name: String? { self.terms.first { $0.path == "metadata.name" && $0.isEqual }?.value }

  package func matches(_ object: JSONValue) -> Bool {
    self.terms.allSatisfy { term in
      let value = object.field(term.path)
      return (value == term.value) == term.isEqual
    }
  }
}

extension FieldSelector.Term {
  fileprivate init(_ path: Substring, _ isEqual: Bool, _ value: Substring) {
    self.init(path: String(path), isEqual: isEqual, value: String(value))
  }
}

extension JSONValue {
  /// The text of a field for a selector; absent and false-like values are the empty or zero text.
  fileprivate func field(_ path: String) -> String {
    var value: JSONValue? = self
    for name in path.split(separator: ".") { value = value?[String(name)] }
    // An Event is selected by who wrote it.
    if path == "source" { value = value?["component"] }
    switch value {
    case .string(let string): return string
    case .integer(let integer): return String(integer)
    case .bool(let bool): return String(bool)
    case nil where path == "spec.unschedulable": return "false"
    default: return ""
    }
  }
}
