import KubernetesModel

/// Collects the schemas of kinds and of all that they contain.
struct OpenAPISchemas {
  let dialect: OpenAPIDialect
  private(set) var definitions: [String: JSONValue] = [:]

  init(dialect: OpenAPIDialect) {
    self.dialect = dialect
  }

  /// Adds a kind and what it refers to; its name among the definitions comes back.
  mutating func add(_ kind: OpenAPIDocuments.ServedKind) -> String {
    let type = kind.type
    let name: String
    var definition: JSONValue
    if let schema = kind.schema {
      name = Self.reversed(type.group) + ".\(type.version).\(type.kind)"
      definition = self.dialect == .v2 ? Self.simplified(schema) : schema
      var properties = definition["properties"] ?? [:]
      properties["apiVersion"] = ["type": "string"]
      properties["kind"] = ["type": "string"]
      properties["metadata"] = self.reference(to: "meta.v1.ObjectMeta", default: nil)
      definition["properties"] = properties
    } else {
      let record = BuiltInTypes.recordName(group: type.group, version: type.version, kind: type.kind)
      name = Self.definitionName(record)
      definition = self.object(BuiltInTypes.records[record])
      var properties = definition["properties"] ?? [:]
      properties["apiVersion"] = ["type": "string"]
      properties["kind"] = ["type": "string"]
      definition["properties"] = properties
    }
    definition["type"] = "object"
    definition["x-kubernetes-group-version-kind"] = [
      ["group": .string(type.group), "version": .string(type.version), "kind": .string(type.kind)]
    ]
    self.definitions[name] = definition
    return name
  }

  private mutating func object(_ record: RecordShape?) -> JSONValue {
    guard let record else { return ["type": "object", "x-kubernetes-preserve-unknown-fields": true] }
    var properties: [String: JSONValue] = [:]
    var required: [JSONValue] = []
    for field in record.fields.values.sorted(by: { $0.name < $1.name }) where !field.isInline {
      properties[field.name] = self.property(field)
      if field.isRequired { required.append(.string(field.name)) }
    }
    var schema: JSONValue = ["type": "object"]
    if !properties.isEmpty { schema["properties"] = .object(properties) }
    if !required.isEmpty { schema["required"] = .array(required) }
    if record.isAtomic { schema["x-kubernetes-map-type"] = "atomic" }
    return schema
  }

  private mutating func property(_ field: FieldShape) -> JSONValue {
    var schema = self.schema(field.shape, default: field.defaultValue)
    if !field.enumeration.isEmpty {
      let values = JSONValue.array(field.enumeration.map(JSONValue.string))
      if var items = schema["items"] {
        items["enum"] = values
        schema["items"] = items
      } else {
        schema["enum"] = values
      }
    }
    if case .list(_, let kind) = field.shape {
      switch kind {
      case .atomic: schema["x-kubernetes-list-type"] = "atomic"
      case .set: schema["x-kubernetes-list-type"] = "set"
      case .map(let keys):
        schema["x-kubernetes-list-type"] = "map"
        schema["x-kubernetes-list-map-keys"] = .array(keys.map(JSONValue.string))
      }
    } else if field.isAtomic {
      schema["x-kubernetes-map-type"] = "atomic"
    }
    schema["x-kubernetes-patch-merge-key"] = field.patch.mergeKey.map(JSONValue.string)
    var strategies: [String] = []
    if field.patch.merges { strategies.append("merge") }
    if field.patch.retainsKeys { strategies.append("retainKeys") }
    if field.patch.replaces { strategies.append("replace") }
    if !strategies.isEmpty { schema["x-kubernetes-patch-strategy"] = .string(strategies.joined(separator: ",")) }
    return schema
  }

  private mutating func schema(_ shape: Shape, default value: JSONValue? = nil) -> JSONValue {
    var schema: JSONValue
    switch shape {
    case .scalar(let scalar): return self.scalar(scalar, default: value)
    case .named(let name): return self.reference(to: name, default: value)
    case .record(let record): schema = self.object(record)
    case .list(let element, _): schema = ["type": "array", "items": self.bare(element)]
    case .map(let element, _): schema = ["type": "object", "additionalProperties": self.bare(element)]
    case .opaque, .deduced: return [:]
    }
    if let value { schema["default"] = value }
    return schema
  }

  /// The schema of elements, where a reference needs no wrapping.
  private mutating func bare(_ shape: Shape) -> JSONValue {
    let schema = self.schema(shape)
    return schema["allOf"]?.array?.first ?? schema
  }

  private mutating func scalar(_ scalar: Shape.Scalar, default value: JSONValue?) -> JSONValue {
    var schema: JSONValue
    switch scalar {
    case .string: schema = ["type": "string"]
    case .bool: schema = ["type": "boolean"]
    case .int32: schema = ["type": "integer", "format": "int32"]
    case .int64: schema = ["type": "integer", "format": "int64"]
    case .double: schema = ["type": "number", "format": "double"]
    case .bytes: schema = ["type": "string", "format": "byte"]
    case .time: return self.wellKnown("io.k8s.apimachinery.pkg.apis.meta.v1.Time", Self.dateTime)
    case .microTime: return self.wellKnown("io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime", Self.dateTime)
    case .quantity:
      return self.wellKnown(
        "io.k8s.apimachinery.pkg.api.resource.Quantity",
        self.dialect == .v2 ? ["type": "string"] : ["oneOf": [["type": "string"], ["type": "number"]]])
    case .intOrString:
      return self.wellKnown(
        "io.k8s.apimachinery.pkg.util.intstr.IntOrString",
        self.dialect == .v2
          ? ["type": "string", "format": "int-or-string"]
          : ["format": "int-or-string", "oneOf": [["type": "integer"], ["type": "string"]]])
    }
    if let value { schema["default"] = value }
    return schema
  }

  private static let dateTime: JSONValue = ["type": "string", "format": "date-time"]

  private mutating func wellKnown(_ name: String, _ definition: JSONValue) -> JSONValue {
    self.definitions[name] = definition
    return self.wrapped(name, default: nil)
  }

  private mutating func reference(to record: String, default value: JSONValue?) -> JSONValue {
    let name = Self.definitionName(record)
    if self.definitions[name] == nil {
      // A record may contain itself: the name must be there before its fields are.
      self.definitions[name] = ["type": "object"]
      self.definitions[name] = self.object(BuiltInTypes.records[record])
    }
    return self.wrapped(name, default: value)
  }

  /// In version 3 nothing may stand beside a reference, so that it is wrapped where something could.
  private func wrapped(_ name: String, default value: JSONValue?) -> JSONValue {
    let reference: JSONValue = ["$ref": .string(self.dialect.reference(name))]
    guard self.dialect == .v3 else { return reference }
    var schema: JSONValue = ["allOf": [reference]]
    schema["default"] = value
    return schema
  }

  /// `core.v1.Service` is `io.k8s.api.core.v1.Service`.
  static func definitionName(_ record: String) -> String {
    if record.hasPrefix("meta.") { return "io.k8s.apimachinery.pkg.apis.\(record)" }
    if record.hasPrefix("apiextensions.") { return "io.k8s.apiextensions-apiserver.pkg.apis.\(record)" }
    return "io.k8s.api.\(record)"
  }

  private static func reversed(_ group: String) -> String {
    group.split(separator: ".").reversed().joined(separator: ".")
  }

  /// A CRD's schema in what version 2 can say; what it cannot say is left open.
  private static func simplified(_ schema: JSONValue) -> JSONValue {
    guard case .object(var members) = schema else { return schema }
    if members["x-kubernetes-int-or-string"]?.bool == true {
      var open: [String: JSONValue] = ["x-kubernetes-int-or-string": true]
      open["description"] = members["description"]
      return .object(open)
    }
    for name in ["nullable", "oneOf", "anyOf", "not", "allOf", "default", "x-kubernetes-validations"] {
      members[name] = nil
    }
    if members["x-kubernetes-preserve-unknown-fields"]?.bool == true {
      members["properties"] = nil
      members["required"] = nil
    }
    if case .object(let properties)? = members["properties"] {
      members["properties"] = .object(properties.mapValues(Self.simplified))
    }
    if let items = members["items"] { members["items"] = Self.simplified(items) }
    if let additional = members["additionalProperties"], additional.object != nil {
      members["additionalProperties"] = Self.simplified(additional)
    }
    return .object(members)
  }
}
