import KubernetesModel
import Yams

/// YAML texts as JSON values, with the types that Kubernetes reads, and back.
package enum YAMLText {
  /// Why a text is not YAML: where, and what is wrong there.
  package struct Failure: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String

    init(_ error: any Error) {
      // What follows the first line is an excerpt of the text.
      let line = "\(error)".split(separator: "\n").first.map(String.init) ?? "\(error)"
      self.description = line.hasSuffix(":") ? String(line.dropLast()) : line
    }
  }

  /// The one document of a text; null if there is none.
  package static func document(_ text: String) throws(Failure) -> JSONValue {
    do {
      return try Yams.compose(yaml: text).map { JSONValue($0) } ?? .null
    } catch {
      throw Failure(error)
    }
  }

  /// All documents of a text.
  package static func documents(_ text: String) throws(Failure) -> [JSONValue] {
    do {
      var nodes = try Yams.compose_all(yaml: text)
      var documents: [JSONValue] = []
      while let node = nodes.next() { documents.append(JSONValue(node)) }
      // The sequence ends quietly where the text makes no sense.
      if let error = nodes.error { throw error }
      return documents
    } catch {
      throw Failure(error)
    }
  }
}

extension JSONValue {
  /// The value as YAML, in the form that Go's library gives it: members in the order of their names, lines of any length.
  package func yamlText() throws -> String {
    try Yams.serialize(node: self.node, width: -1, allowUnicode: true, sortKeys: true)
  }

  fileprivate init(_ node: Yams.Node) {
    switch node {
    case .mapping(let mapping):
      var members: [String: JSONValue] = [:]
      for (key, value) in mapping { members[key.string ?? ""] = JSONValue(value) }
      self = .object(members)
    case .sequence(let sequence): self = .array(sequence.map { JSONValue($0) })
    case .alias: self = .null
    case .scalar(let scalar):
      guard scalar.style == .plain || scalar.style == .any else {
        self = .string(scalar.string)
        return
      }
      if let integer = Int64(scalar.string) {
        self = .integer(integer)
      } else if node.null != nil {
        self = .null
      } else if ["true", "false", "True", "False", "yes", "no", "on", "off", "Yes", "No"].contains(scalar.string) {
        self = .bool(["true", "True", "yes", "on", "Yes"].contains(scalar.string))
      } else if let number = Double(scalar.string), scalar.string.contains(where: { $0.isNumber }) {
        self = .number(number)
      } else {
        self = .string(scalar.string)
      }
    }
  }

  private var node: Yams.Node {
    switch self {
    case .null: Yams.Node("null", Tag(.null))
    case .bool(let bool): Yams.Node(bool ? "true" : "false", Tag(.bool))
    case .integer(let integer): Yams.Node(String(integer), Tag(.int))
    case .number(let number): Yams.Node("\(number)", Tag(.float))
    case .string(let string):
      Yams.Node.scalar(.init(string, Tag(.str), JSONValue.needsQuotes(string) ? .doubleQuoted : .any))
    case .array(let elements): Yams.Node(elements.map { $0.node }, Tag(.seq))
    case .object(let members):
      Yams.Node(members.sorted { $0.key < $1.key }.map { (Yams.Node($0.key), $0.value.node) }, Tag(.map))
    }
  }

  /// Whether a plain scalar of this text would be read as something else than a string, by us or by a reader of YAML 1.1
  /// to which `64512:1` is a number to the base of 60 and `y` means true.
  private static func needsQuotes(_ text: String) -> Bool {
    guard case .string = JSONValue(Yams.Node(text)), !text.isEmpty else { return true }
    if ["y", "Y", "n", "N", "YES", "NO", "ON", "OFF", "On", "Off", "TRUE", "FALSE"].contains(text) { return true }
    let parts = text.drop { $0 == "-" || $0 == "+" }.split(separator: ":", omittingEmptySubsequences: false)
    return parts.count > 1 && parts[0].first?.isNumber == true
      && parts[0].allSatisfy { $0.isASCII && $0.isNumber }
      && parts.dropFirst().allSatisfy { part in
        (1...2).contains(part.count) && part.allSatisfy { $0.isASCII && $0.isNumber } && (Int(part) ?? 60) < 60
      }
  }
}
