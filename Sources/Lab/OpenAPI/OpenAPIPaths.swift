import KubernetesModel

/// The operations on a kind, as far as clients look: which verbs there are and which parameters they take.
enum OpenAPIPaths {
  private static let json: JSONValue = ["application/json", "application/yaml"]

  static func paths(
    of kind: OpenAPIDocuments.ServedKind, schema: String, dialect: OpenAPIDialect
  ) -> [String: JSONValue] {
    let type = kind.type
    let namespace = type.isNamespaced ? "{namespace}" : nil
    func operation(_ action: String, _ parameters: [String], body: Bool = false) -> JSONValue {
      self.operation(action, parameters, body: body, kind: kind, schema: schema, dialect: dialect)
    }
    let read = ["allowWatchBookmarks", "continue", "fieldSelector", "labelSelector", "limit", "resourceVersion"]
    let write = ["dryRun", "fieldManager", "fieldValidation"]
    var paths: [String: JSONValue] = [
      type.path(namespace: namespace): [
        "get": operation("list", read + ["timeoutSeconds", "watch"]), "post": operation("post", write, body: true),
        "delete": operation("deletecollection", read + ["dryRun", "propagationPolicy"]),
      ],
      type.path(namespace: namespace, name: "{name}"): Self.item(operation, write),
    ]
    if type.isNamespaced { paths[type.path()] = ["get": operation("list", read + ["timeoutSeconds", "watch"])] }
    for subresource in kind.subresources where subresource == "status" || subresource == "scale" {
      paths[type.path(namespace: namespace, name: "{name}", subresource: subresource)] = [
        "get": operation("get", []), "put": operation("put", write, body: true),
        "patch": operation("patch", write + ["force"], body: true),
      ]
    }
    return paths
  }

  private static func item(
    _ operation: (String, [String], Bool) -> JSONValue, _ write: [String]
  ) -> JSONValue {
    [
      "get": operation("get", ["resourceVersion"], false), "put": operation("put", write, true),
      "delete": operation("delete", ["dryRun", "gracePeriodSeconds", "propagationPolicy"], false),
      "patch": operation("patch", write + ["force"], true),
    ]
  }

  private static func operation(
    _ action: String, _ parameters: [String], body: Bool, kind: OpenAPIDocuments.ServedKind, schema: String,
    dialect: OpenAPIDialect
  ) -> JSONValue {
    let reference: JSONValue = ["$ref": .string(dialect.reference(schema))]
    var list = parameters.map { self.parameter($0, dialect) }
    var operation: JSONValue = [
      "responses": ["200": ["description": "OK"]], "x-kubernetes-action": .string(action),
      "x-kubernetes-group-version-kind": [
        "group": .string(kind.type.group), "version": .string(kind.type.version), "kind": .string(kind.type.kind),
      ],
    ]
    let mediaTypes = action == "patch" ? self.patchTypes(kind) : ["application/json", "application/yaml"]
    switch dialect {
    case .v2:
      operation["consumes"] = .array(mediaTypes.map(JSONValue.string))
      operation["produces"] = Self.json
      if body { list.append(["name": "body", "in": "body", "required": true, "schema": reference]) }
    case .v3:
      if body {
        let content = mediaTypes.map { ($0, JSONValue.object(["schema": reference])) }
        operation["requestBody"] = [
          "required": true, "content": .object(Dictionary(content) { first, _ in first }),
        ]
      }
    }
    operation["parameters"] = .array(list)
    return operation
  }

  private static func patchTypes(_ kind: OpenAPIDocuments.ServedKind) -> [String] {
    ["application/json-patch+json", "application/merge-patch+json", "application/apply-patch+yaml"]
      + (kind.schema == nil ? ["application/strategic-merge-patch+json"] : [])
  }

  private static func parameter(_ name: String, _ dialect: OpenAPIDialect) -> JSONValue {
    let type: JSONValue =
      switch name {
      case "limit", "timeoutSeconds", "gracePeriodSeconds": "integer"
      case "watch", "force", "allowWatchBookmarks": "boolean"
      default: "string"
      }
    return dialect == .v2
      ? ["name": .string(name), "in": "query", "type": type, "uniqueItems": true]
      : ["name": .string(name), "in": "query", "schema": ["type": type, "uniqueItems": true]]
  }
}
