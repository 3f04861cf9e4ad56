import KubernetesModel

/// A change to an object, in one of the forms that the API server takes.
package enum Patch: Sendable, Hashable {
  /// RFC 7386.
  case merge(JSONValue)
  /// RFC 6902.
  case json(JSONValue)
  /// Lists merge by their keys; built-in kinds only.
  case strategic(JSONValue)
  /// Server-side apply: these fields are `manager`'s; `force` takes them from others.
  case apply(JSONValue, manager: String, force: Bool)

  /// JSON is YAML; the type names YAML.
  static let applyContentType = "application/apply-patch+yaml"

  var contentType: String {
    switch self {
    case .merge: "application/merge-patch+json"
    case .json: "application/json-patch+json"
    case .strategic: "application/strategic-merge-patch+json"
    case .apply: Self.applyContentType
    }
  }

  var document: JSONValue {
    switch self {
    case .merge(let document), .json(let document), .strategic(let document), .apply(let document, _, _): document
    }
  }
}
