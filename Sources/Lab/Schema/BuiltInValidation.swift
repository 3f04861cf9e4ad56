import KubernetesModel

/// What the server checks of a built-in object before any rule of its kind: known fields and their JSON types.
package enum BuiltInValidation {
  /// The object without unknown fields, nulls and what means the same as nothing, and the paths of the unknown fields.
  ///
  /// That is what an object looks like after the real server has read it into its own types. Kinds without a
  /// description come back as they are.
  package static func pruned(
    _ object: JSONValue, type: ResourceType
  ) -> (object: JSONValue, unknownFields: [String]) {
    guard let shape = BuiltInTypes.shape(for: type), case .object(var members) = object else { return (object, []) }
    var unknown: [String] = []
    let header = (members.removeValue(forKey: "apiVersion"), members.removeValue(forKey: "kind"))
    var result = self.pruned(.object(members), shape: shape, at: "", unknown: &unknown)
    result["apiVersion"] = header.0
    result["kind"] = header.1
    return (result, unknown)
  }

  static func pruned(_ value: JSONValue, shape: Shape, at path: String, unknown: inout [String]) -> JSONValue {
    switch (value, shape) {
    case (.object(let members), .named), (.object(let members), .record):
      guard let record = shape.record else { return value }
      var result: [String: JSONValue] = [:]
      for (name, member) in members.sorted(by: { $0.key < $1.key }) {
        let memberPath = path.isEmpty ? name : "\(path).\(name)"
        guard let field = record.field(name) else {
          unknown.append(memberPath)
          continue
        }
        let pruned = self.pruned(member, shape: field.shape, at: memberPath, unknown: &unknown)
        if !self.isOmitted(pruned, field) { result[name] = pruned }
      }
      return .object(result)
    case (.object(let members), .map(let element, _)):
      return .object(
        Dictionary(
          uniqueKeysWithValues: members.sorted { $0.key < $1.key }.map { name, member in
            (name, self.pruned(member, shape: element, at: "\(path).\(name)", unknown: &unknown))
          }))
    case (.array(let elements), .list(let element, _)):
      return .array(
        elements.enumerated().map { index, member in
          self.pruned(member, shape: element, at: "\(path)[\(index)]", unknown: &unknown)
        })
    default:
      return value
    }
  }

  private static func isOmitted(_ value: JSONValue, _ field: FieldShape) -> Bool {
    switch (value, field.shape) {
    case (.null, _): true
    case (.array(let elements), .list): elements.isEmpty && !field.isRequired
    case (.object(let members), .map): members.isEmpty && !field.isRequired
    case ("", .scalar), (0, .scalar), (false, .scalar): !field.isRequired && !field.isOptional
    default: false
    }
  }

  /// The first value whose JSON type does not fit, as the sentence of the server's 400 (nil = all fit).
  ///
  /// It is preceded by `<Kind> in version "<version>" cannot be handled as a <Kind>: `.
  package static func typeError(in object: JSONValue, type: ResourceType) -> String? {
    guard let record = BuiltInTypes.record(for: type) else { return nil }
    return self.typeError(in: object, record: record, at: "")
  }

  private static func typeError(in object: JSONValue, record: RecordShape, at path: String) -> String? {
    guard case .object(let members) = object else { return nil }
    for (name, member) in members.sorted(by: { $0.key < $1.key }) {
      guard let field = record.field(name) else { continue }
      let memberPath = path.isEmpty ? name : "\(path).\(name)"
      let owner = record.name.split(separator: ".").last.map(String.init) ?? record.name
      if let error = self.typeError(of: member, shape: field.shape, owner: owner, at: memberPath) { return error }
    }
    return nil
  }

  private static func typeError(of value: JSONValue, shape: Shape, owner: String, at path: String) -> String? {
    func mismatch(_ expected: String) -> String {
      "json: cannot unmarshal \(value.goTypeName) into Go struct field \(owner).\(path) of type \(expected)"
    }
    switch (shape, value) {
    case (_, .null), (.opaque, _), (.deduced, _): return nil
    case (.named, .object), (.record, .object):
      return shape.record.flatMap { self.typeError(in: value, record: $0, at: path) }
    case (.list(let element, _), .array(let elements)):
      return elements.lazy.compactMap { self.typeError(of: $0, shape: element, owner: owner, at: path) }.first
    case (.map(let element, _), .object(let members)):
      return members.sorted { $0.key < $1.key }.lazy
        .compactMap { self.typeError(of: $0.value, shape: element, owner: owner, at: path) }.first
    case (.scalar(let scalar), _):
      return scalar.accepts(value) ? nil : mismatch(scalar.goName)
    case (.named(let name), _): return mismatch(Self.goType(name))
    case (.record(let record), _): return mismatch(record.name)
    case (.list(let element, _), _): return mismatch("[]\(Self.goName(element))")
    case (.map(let element, _), _): return mismatch("map[string]\(Self.goName(element))")
    }
  }

  private static func goType(_ name: String) -> String { name.split(separator: ".").suffix(2).joined(separator: ".") }

  private static func goName(_ shape: Shape) -> String {
    switch shape {
    case .scalar(let scalar): scalar.goName
    // The real server's packages are all called after their version.
    case .named(let name): Self.goType(name)
    case .record(let record): record.name
    case .list(let element, _): "[]\(Self.goName(element))"
    case .map(let element, _): "map[string]\(Self.goName(element))"
    case .opaque, .deduced: "interface {}"
    }
  }
}

extension Shape.Scalar {
  fileprivate func accepts(_ value: JSONValue) -> Bool {
    switch (self, value) {
    case (.string, .string), (.bytes, .string), (.time, .string), (.microTime, .string), (.quantity, .string): true
    case (.bool, .bool), (.int64, .integer), (.double, .integer), (.double, .number): true
    case (.int32, .integer(let integer)): Int32(exactly: integer) != nil
    case (.intOrString, .integer), (.intOrString, .string), (.quantity, .integer), (.quantity, .number): true
    default: false
    }
  }

  fileprivate var goName: String {
    switch self {
    case .string, .bool, .int32, .int64: self.rawValue
    case .double: "float64"
    case .bytes: "[]uint8"
    case .time: "v1.Time"
    case .microTime: "v1.MicroTime"
    case .quantity: "resource.Quantity"
    case .intOrString: "intstr.IntOrString"
    }
  }
}

extension JSONValue {
  fileprivate var goTypeName: String {
    if case .integer(let integer) = self, Int32(exactly: integer) == nil { "number \(integer)" } else { self.typeName }
  }
}
