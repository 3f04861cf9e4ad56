import KubernetesModel

/// The schema of one version of a custom resource: `openAPIV3Schema` of its CRD, read once.
///
/// The order of use is that of the real server: `pruned` (which also names unknown fields), `defaulted`, `validate`.
package final class StructuralSchema: Sendable {
  package enum AdditionalProperties: Sendable {
    case none
    case any
    case schema(StructuralSchema)
  }

  package enum ListType: String, Sendable {
    case atomic, set, map
  }

  /// A schema that cannot be used, with the path of the culprit in the CRD.
  package struct InvalidSchema: Error, Sendable, Hashable, CustomStringConvertible {
    package var path: String
    package var reason: String
    package var description: String { "\(self.path): \(self.reason)" }
  }

  /// `object`, `array`, `string`, `integer`, `number`, `boolean`; nil for any type.
  package let type: String?
  package let format: String?
  package let description: String?
  package let properties: [String: StructuralSchema]
  package let additionalProperties: AdditionalProperties
  package let items: StructuralSchema?
  package let required: [String]
  package let enumeration: [JSONValue]
  package let defaultValue: JSONValue?
  package let isNullable: Bool
  package let preservesUnknownFields: Bool
  package let isEmbeddedResource: Bool
  package let isIntOrString: Bool
  package let listType: ListType
  package let listKeys: [String]
  package let isAtomicMap: Bool
  package let limits: Limits
  package let rules: [CELRule]
  package let combinations: Combinations

  /// Bounds of numbers, lengths and counts.
  package struct Limits: Sendable {
    package var minimum: Double?
    package var maximum: Double?
    package var excludesMinimum = false
    package var excludesMaximum = false
    package var multipleOf: Double?
    package var minLength: Int64?
    package var maxLength: Int64?
    package var pattern: String?
    package var minItems: Int64?
    package var maxItems: Int64?
    package var uniqueItems = false
    package var minProperties: Int64?
    package var maxProperties: Int64?
  }

  /// The logical junctors.
  package struct Combinations: Sendable {
    package var allOf: [StructuralSchema] = []
    package var anyOf: [StructuralSchema] = []
    package var oneOf: [StructuralSchema] = []
    package var not: [StructuralSchema] = []
  }

  package convenience init(openAPIV3Schema schema: JSONValue) throws(InvalidSchema) {
    try self.init(schema, at: "openAPIV3Schema", depth: 0)
  }

  private init(_ schema: JSONValue, at path: String, depth: Int) throws(InvalidSchema) {
    guard case .object(let members) = schema, depth < 64 else {
      throw InvalidSchema(path: path, reason: depth < 64 ? "must be an object" : "is nested too deeply")
    }
    func child(_ value: JSONValue, _ name: String) throws(InvalidSchema) -> StructuralSchema {
      try StructuralSchema(value, at: "\(path).\(name)", depth: depth + 1)
    }
    func children(_ name: String) throws(InvalidSchema) -> [StructuralSchema] {
      var list: [StructuralSchema] = []
      for (index, value) in (members[name]?.array ?? []).enumerated() {
        list.append(try child(value, "\(name)[\(index)]"))
      }
      return list
    }
    self.type = members["type"]?.string
    self.format = members["format"]?.string
    self.description = members["description"]?.string
    var properties: [String: StructuralSchema] = [:]
    for (name, value) in members["properties"]?.object ?? [:] {
      properties[name] = try child(value, "properties[\(name)]")
    }
    self.properties = properties
    switch members["additionalProperties"] {
    case .some(.bool(let allowed)): self.additionalProperties = allowed ? .any : .none
    case .some(let value): self.additionalProperties = .schema(try child(value, "additionalProperties"))
    case nil: self.additionalProperties = .none
    }
    self.items = try members["items"].map { value throws(InvalidSchema) in try child(value, "items") }
    self.required = (members["required"]?.array ?? []).compactMap(\.string)
    self.enumeration = members["enum"]?.array ?? []
    self.defaultValue = members["default"]
    self.isNullable = members["nullable"]?.bool ?? false
    self.preservesUnknownFields = members["x-kubernetes-preserve-unknown-fields"]?.bool ?? false
    self.isEmbeddedResource = members["x-kubernetes-embedded-resource"]?.bool ?? false
    self.isIntOrString = members["x-kubernetes-int-or-string"]?.bool ?? false
    self.listType = members["x-kubernetes-list-type"]?.string.flatMap(ListType.init) ?? .atomic
    self.listKeys = (members["x-kubernetes-list-map-keys"]?.array ?? []).compactMap(\.string)
    self.isAtomicMap = members["x-kubernetes-map-type"]?.string == "atomic"
    self.limits = try Limits(members, at: path)
    var combinations = Combinations()
    combinations.allOf = try children("allOf")
    combinations.anyOf = try children("anyOf")
    combinations.oneOf = try children("oneOf")
    if let not = members["not"] { combinations.not = [try child(not, "not")] }
    self.combinations = combinations
    var rules: [CELRule] = []
    for (index, entry) in (members["x-kubernetes-validations"]?.array ?? []).enumerated() {
      do throws(CELError) {
        rules.append(try CELRule(entry))
      } catch {
        throw InvalidSchema(path: "\(path).x-kubernetes-validations[\(index)].rule", reason: error.description)
      }
    }
    self.rules = rules
  }

  /// True where a rule stands here or deeper.
  package var hasRules: Bool {
    if !self.rules.isEmpty || self.properties.values.contains(where: \.hasRules) { return true }
    if let items = self.items, items.hasRules { return true }
    if case .schema(let schema) = self.additionalProperties { return schema.hasRules }
    return false
  }
}

extension StructuralSchema.Limits {
  fileprivate init(_ members: [String: JSONValue], at path: String) throws(StructuralSchema.InvalidSchema) {
    func number(_ name: String) -> Double? {
      switch members[name] {
      case .integer(let integer): Double(integer)
      case .number(let number): number
      default: nil
      }
    }
    self.minimum = number("minimum")
    self.maximum = number("maximum")
    self.excludesMinimum = members["exclusiveMinimum"]?.bool ?? false
    self.excludesMaximum = members["exclusiveMaximum"]?.bool ?? false
    self.multipleOf = number("multipleOf")
    self.minLength = members["minLength"]?.integer
    self.maxLength = members["maxLength"]?.integer
    self.pattern = members["pattern"]?.string
    self.minItems = members["minItems"]?.integer
    self.maxItems = members["maxItems"]?.integer
    self.uniqueItems = members["uniqueItems"]?.bool ?? false
    self.minProperties = members["minProperties"]?.integer
    self.maxProperties = members["maxProperties"]?.integer
    if let pattern = self.pattern, (try? Regex(pattern)) == nil {
      throw StructuralSchema.InvalidSchema(
        path: "\(path).pattern",
        reason: "Invalid value: \"\(pattern)\": must be a valid regular expression")
    }
  }
}
