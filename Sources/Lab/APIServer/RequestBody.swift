import KubernetesModel
import Yams

/// Reads request bodies of the types that a real API server takes.
enum RequestBody {
  static func object(_ request: APIRequest) throws(APIFailure) -> JSONValue {
    let type = MediaRanges.range(request.headers.first(name: "content-type") ?? "").type
    switch type {
    case "", "application/json": return try Self.json(request.body)
    case "application/yaml": return try Self.yaml(request.body)
    case ProtobufBody.mediaType:
      do {
        return try ProtobufBody.decode(request.body)
      } catch {
        throw .badRequest("the body of the request cannot be read: \(error)")
      }
    default: throw .unsupportedMediaType
    }
  }

  static func json(_ body: [UInt8]) throws(APIFailure) -> JSONValue {
    if body.isEmpty { return [:] }
    do {
      return try JSONValue(json: body)
    } catch {
      throw .badRequest("couldn't get version/kind; json parse error: \(error)")
    }
  }

  static func yaml(_ body: [UInt8]) throws(APIFailure) -> JSONValue {
    do {
      guard let node = try Yams.compose(yaml: String(decoding: body, as: UTF8.self)) else { return [:] }
      return JSONValue(node)
    } catch {
      throw .badRequest("error converting YAML to JSON: \(error)")
    }
  }

  static func patch(_ request: APIRequest, _ definition: ResourceDefinition) throws(APIFailure) -> ObjectPatch {
    let type = MediaRanges.range(request.headers.first(name: "content-type") ?? "").type
    switch type {
    case "application/json-patch+json": return .json(try Self.patchJSON(request.body))
    case "application/merge-patch+json": return .merge(try Self.patchJSON(request.body))
    case "application/strategic-merge-patch+json" where !definition.isCustom:
      return .strategic(try Self.patchJSON(request.body))
    case "application/apply-patch+yaml": return .apply(try Self.yaml(request.body))
    case "application/apply-patch+json": return .apply(try Self.patchJSON(request.body))
    default:
      var accepted = ["application/json-patch+json", "application/merge-patch+json", "application/apply-patch+yaml"]
      if !definition.isCustom { accepted.insert("application/strategic-merge-patch+json", at: 2) }
      throw .unsupportedMediaType(accepted)
    }
  }

  private static func patchJSON(_ body: [UInt8]) throws(APIFailure) -> JSONValue {
    do {
      return try JSONValue(json: body)
    } catch {
      throw .badRequest("error decoding patch: \(error)")
    }
  }
}

extension JSONValue {
  /// A YAML document as JSON, with the types of YAML 1.1's core that Kubernetes reads.
  package init(_ node: Yams.Node) {
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

  /// The value as YAML, members in the order of their names.
  package func yamlText() throws -> String {
    try Yams.serialize(node: self.node, sortKeys: true)
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

  /// Whether a plain scalar of this text would be read as something else than a string.
  private static func needsQuotes(_ text: String) -> Bool {
    if case .string = JSONValue(Yams.Node(text)) { return text.isEmpty }
    return true
  }
}
