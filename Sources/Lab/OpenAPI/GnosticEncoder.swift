import KubernetesModel

/// Writes an OpenAPI document of version 2 in protobuf: the messages of `openapi.v2` (OpenAPIv2.proto of gnostic).
enum GnosticEncoder {
  static func encode(_ document: JSONValue) -> [UInt8] {
    var writer = ProtobufWriter()
    writer.string(1, document["swagger"]?.string ?? "2.0")
    writer.message(2) { info in
      info.string(1, document[path: "info", "title"]?.string ?? "")
      info.string(2, document[path: "info", "version"]?.string ?? "")
    }
    writer.message(8) { paths in
      for (path, item) in Self.sorted(document["paths"]) {
        paths.message(2) { named in
          named.string(1, path)
          named.message(2) { Self.pathItem(item, into: &$0) }
        }
      }
    }
    writer.message(9) { definitions in Self.named(document["definitions"], number: 1, into: &definitions) }
    return writer.bytes
  }

  private static func sorted(_ value: JSONValue?) -> [(key: String, value: JSONValue)] {
    (value?.object ?? [:]).sorted { $0.key < $1.key }
  }

  private static func strings(_ value: JSONValue?) -> [String] { (value?.array ?? []).compactMap(\.string) }

  private static func pathItem(_ item: JSONValue, into writer: inout ProtobufWriter) {
    for (number, verb) in [(2, "get"), (3, "put"), (4, "post"), (5, "delete"), (8, "patch")] {
      if let operation = item[verb] { writer.message(number) { Self.operation(operation, into: &$0) } }
    }
  }

  private static func operation(_ operation: JSONValue, into writer: inout ProtobufWriter) {
    for type in self.strings(operation["produces"]) { writer.string(6, type) }
    for type in self.strings(operation["consumes"]) { writer.string(7, type) }
    for parameter in operation["parameters"]?.array ?? [] {
      writer.message(8) { item in item.message(1) { Self.parameter(parameter, into: &$0) } }
    }
    writer.message(9) { responses in
      for (code, response) in Self.sorted(operation["responses"]) {
        responses.message(1) { named in
          named.string(1, code)
          named.message(2) { value in
            value.message(1) { $0.string(1, response["description"]?.string ?? "") }
          }
        }
      }
    }
    self.extensions(operation, number: 13, into: &writer)
  }

  private static func parameter(_ parameter: JSONValue, into writer: inout ProtobufWriter) {
    let name = parameter["name"]?.string ?? ""
    if parameter["in"]?.string == "body" {
      writer.message(1) { body in
        body.string(2, name)
        body.string(3, "body")
        body.bool(4, true)
        if let schema = parameter["schema"] { body.message(5) { Self.schema(schema, into: &$0) } }
      }
    } else {
      writer.message(2) { nonBody in
        nonBody.message(3) { query in
          query.string(2, "query")
          query.string(4, name)
          query.string(6, parameter["type"]?.string ?? "string")
        }
      }
    }
  }

  private static func named(_ schemas: JSONValue?, number: Int, into writer: inout ProtobufWriter) {
    for (name, schema) in self.sorted(schemas) {
      writer.message(number) { entry in
        entry.string(1, name)
        entry.message(2) { Self.schema(schema, into: &$0) }
      }
    }
  }

  private static func schema(_ schema: JSONValue, into writer: inout ProtobufWriter) {
    if let reference = schema["$ref"]?.string { writer.string(1, reference) }
    if let format = schema["format"]?.string { writer.string(2, format) }
    if let description = schema["description"]?.string { writer.string(4, description) }
    if let value = schema["default"] { writer.message(5) { $0.string(2, value.compactText) } }
    for name in self.strings(schema["required"]) { writer.string(19, name) }
    for value in schema["enum"]?.array ?? [] { writer.message(20) { $0.string(2, value.compactText) } }
    if let additional = schema["additionalProperties"] {
      writer.message(21) { item in
        if let allowed = additional.bool {
          item.bool(2, allowed)
        } else {
          item.message(1) { Self.schema(additional, into: &$0) }
        }
      }
    }
    if let type = schema["type"]?.string { writer.message(22) { $0.string(1, type) } }
    if let items = schema["items"] {
      writer.message(23) { list in list.message(1) { Self.schema(items, into: &$0) } }
    }
    if schema["properties"] != nil {
      writer.message(25) { Self.named(schema["properties"], number: 1, into: &$0) }
    }
    self.extensions(schema, number: 31, into: &writer)
  }

  /// Members that begin with `x-`, each as a YAML text (of which JSON is a part).
  private static func extensions(_ value: JSONValue, number: Int, into writer: inout ProtobufWriter) {
    for (name, member) in self.sorted(value) where name.hasPrefix("x-") {
      writer.message(number) { entry in
        entry.string(1, name)
        entry.message(2) { $0.string(2, member.compactTextUnescaped) }
      }
    }
  }
}
