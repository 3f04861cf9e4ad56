import KubernetesModel

extension StructuralSchema {
  /// All that is wrong with an object, in the sentences of the real server.
  ///
  /// - Parameters:
  ///   - old: the stored object when this is an update, for rules about transitions.
  ///   - base: the path of `value` in the object when it is only a part, as for a write of the status. The sentences
  ///     then name fields relative to it, as those of the real server do.
  package func validate(_ value: JSONValue, old: JSONValue? = nil, at base: String = "") -> [FieldError] {
    var errors: [FieldError] = []
    self.check(value, at: Path(base: base), isResource: base.isEmpty, errors: &errors)
    guard self.hasRules else { return errors }
    if errors.contains(where: \.kind.blocksRules) {
      errors.append(
        .invalid(
          "<nil>", .null,
          "some validation rules were not checked because the object was invalid; "
            + "correct the existing errors to complete validation"))
    } else {
      self.checkRules(value, old: old, at: Path(base: base), errors: &errors)
    }
    return errors
  }

  /// A place in the object: `field` from its root, `body` from where the validation began.
  private struct Path {
    var field: String
    var body: String

    init(base: String) {
      self.field = base
      self.body = ""
    }

    func member(_ name: String) -> Path {
      var path = self
      path.field = path.field.isEmpty ? name : "\(path.field).\(name)"
      path.body = path.body.isEmpty ? name : "\(path.body).\(name)"
      return path
    }

    func element(_ index: Int) -> Path {
      var path = self
      path.field += "[\(index)]"
      path.body += "[\(index)]"
      return path
    }
  }

  private func check(_ value: JSONValue, at path: Path, isResource: Bool, errors: inout [FieldError]) {
    if value == .null, self.isNullable { return }
    guard self.isOfType(value) else {
      let found = value.schemaType
      errors.append(
        .typeInvalid(
          path.field, .string(found), "\(path.body) in body must be of type \(self.type ?? "any"): \"\(found)\""))
      return
    }
    if !self.enumeration.isEmpty, !self.enumeration.contains(where: { $0.isEqualNumberwise(to: value) }) {
      errors.append(.notSupported(path.field, value, supported: self.enumeration))
    }
    switch value {
    case .string(let string): self.checkString(string, at: path, errors: &errors)
    case .integer(let integer): self.checkNumber(Double(integer), value, at: path, errors: &errors)
    case .number(let number): self.checkNumber(number, value, at: path, errors: &errors)
    case .array(let elements): self.checkList(elements, at: path, errors: &errors)
    case .object(let members): self.checkObject(members, at: path, isResource: isResource, errors: &errors)
    case .null, .bool: break
    }
    self.checkCombinations(value, at: path, errors: &errors)
  }

  private func isOfType(_ value: JSONValue) -> Bool {
    if self.isIntOrString {
      return value.integer != nil || value.string != nil
    }
    switch (self.type, value) {
    case (nil, _), ("object", .object), ("array", .array), ("string", .string), ("boolean", .bool),
      ("integer", .integer), ("number", .integer), ("number", .number):
      return true
    case ("integer", .number(let number)): return Int64(exactly: number) != nil
    default: return false
    }
  }

  private func checkString(_ string: String, at path: Path, errors: inout [FieldError]) {
    let count = Int64(string.unicodeScalars.count)
    if let maximum = self.limits.maxLength, count > maximum { errors.append(.tooLong(path.field, maximum: maximum)) }
    if let minimum = self.limits.minLength, count < minimum {
      errors.append(
        .invalid(path.field, .string(string), "\(path.body) in body should be at least \(minimum) chars long"))
    }
    if let pattern = self.limits.pattern, let regex = try? Regex(pattern), string.firstMatch(of: regex) == nil {
      errors.append(.invalid(path.field, .string(string), "\(path.body) in body should match '\(pattern)'"))
    }
    if let format = self.format, !StringFormat.isValid(string, as: format) {
      errors.append(
        .typeInvalid(path.field, .string(string), "\(path.body) in body must be of type \(format): \"\(string)\""))
    }
  }

  private func checkNumber(_ number: Double, _ value: JSONValue, at path: Path, errors: inout [FieldError]) {
    func bound(_ limit: Double) -> String { JSONValue.number(limit).compactText }
    if let minimum = self.limits.minimum {
      if self.limits.excludesMinimum, number <= minimum {
        errors.append(.invalid(path.field, value, "\(path.body) in body should be greater than \(bound(minimum))"))
      } else if number < minimum {
        errors.append(
          .invalid(path.field, value, "\(path.body) in body should be greater than or equal to \(bound(minimum))"))
      }
    }
    if let maximum = self.limits.maximum {
      if self.limits.excludesMaximum, number >= maximum {
        errors.append(.invalid(path.field, value, "\(path.body) in body should be less than \(bound(maximum))"))
      } else if number > maximum {
        errors.append(
          .invalid(path.field, value, "\(path.body) in body should be less than or equal to \(bound(maximum))"))
      }
    }
    if let factor = self.limits.multipleOf, factor > 0,
      number.truncatingRemainder(dividingBy: factor) != 0
    {
      errors.append(.invalid(path.field, value, "\(path.body) in body should be a multiple of \(bound(factor))"))
    }
  }

  private func checkList(_ elements: [JSONValue], at path: Path, errors: inout [FieldError]) {
    if let maximum = self.limits.maxItems, elements.count > maximum {
      errors.append(.tooMany(path.field, elements.count, maximum: maximum))
    }
    if let minimum = self.limits.minItems, elements.count < minimum {
      errors.append(
        .invalid(
          path.field, .integer(Int64(elements.count)), "\(path.body) in body should have at least \(minimum) items"))
    }
    if self.limits.uniqueItems, Set(elements).count < elements.count {
      errors.append(.invalid(path.field, .array(elements), "\(path.body) in body shouldn't contain duplicates"))
    }
    if let items = self.items {
      for (index, element) in elements.enumerated() {
        items.check(element, at: path.element(index), isResource: false, errors: &errors)
      }
    }
    guard self.listType != .atomic else { return }
    var seen: Set<JSONValue> = []
    for (index, element) in elements.enumerated() {
      let identity = self.listType == .set ? element : self.key(of: element)
      if !seen.insert(identity).inserted { errors.append(.duplicate(path.element(index).field, identity)) }
    }
  }

  /// The members of an element that tell it apart in a map list.
  func key(of element: JSONValue) -> JSONValue {
    var key: [String: JSONValue] = [:]
    for name in self.listKeys { key[name] = element[name] ?? self.items?.properties[name]?.defaultValue }
    return .object(key)
  }

  private func checkObject(
    _ members: [String: JSONValue], at path: Path, isResource: Bool, errors: inout [FieldError]
  ) {
    for name in self.required where members[name] == nil { errors.append(.required(path.member(name).field)) }
    if let maximum = self.limits.maxProperties, members.count > maximum {
      errors.append(.tooMany(path.field, members.count, maximum: maximum))
    }
    if let minimum = self.limits.minProperties, members.count < minimum {
      errors.append(
        .invalid(
          path.field, .integer(Int64(members.count)),
          "\(path.body) in body should have at least \(minimum) properties"))
    }
    for (name, member) in members.sorted(by: { $0.key < $1.key }) {
      if isResource, ["apiVersion", "kind", "metadata"].contains(name) { continue }
      if let schema = self.properties[name] {
        schema.check(member, at: path.member(name), isResource: schema.isEmbeddedResource, errors: &errors)
      } else if case .schema(let schema) = self.additionalProperties {
        schema.check(member, at: path.member(name), isResource: false, errors: &errors)
      }
    }
  }

  private func checkCombinations(_ value: JSONValue, at path: Path, errors: inout [FieldError]) {
    func isValid(_ schema: StructuralSchema) -> Bool {
      var found: [FieldError] = []
      schema.check(value, at: path, isResource: false, errors: &found)
      return found.isEmpty
    }
    for schema in self.combinations.allOf { schema.check(value, at: path, isResource: false, errors: &errors) }
    let place = "\"\(path.body)\" must"
    if !self.combinations.anyOf.isEmpty, !self.combinations.anyOf.contains(where: isValid) {
      errors.append(.invalid(path.field, "", "\(place) validate at least one schema (anyOf)"))
    }
    if !self.combinations.oneOf.isEmpty {
      let count = self.combinations.oneOf.filter(isValid).count
      if count != 1 {
        let found = count == 0 ? "Found none valid" : "Found \(count) valid alternatives"
        errors.append(.invalid(path.field, "", "\(place) validate one and only one schema (oneOf). \(found)"))
      }
    }
    if self.combinations.not.contains(where: isValid) {
      errors.append(.invalid(path.field, "", "\(place) not validate the schema (not)"))
    }
  }

  private func checkRules(_ value: JSONValue, old: JSONValue?, at path: Path, errors: inout [FieldError]) {
    for rule in self.rules {
      if let error = rule.violation(by: value, old: old, at: path.field) { errors.append(error) }
    }
    switch value {
    case .object(let members):
      for (name, member) in members.sorted(by: { $0.key < $1.key }) {
        let old = old?.object?[name]
        if let schema = self.properties[name] {
          schema.checkRules(member, old: old, at: path.member(name), errors: &errors)
        } else if case .schema(let schema) = self.additionalProperties {
          schema.checkRules(member, old: old, at: path.member(name), errors: &errors)
        }
      }
    case .array(let elements):
      guard let items = self.items else { return }
      for (index, element) in elements.enumerated() {
        // Only elements of a map list have an identity that an old one can be found by.
        let old =
          self.listType == .map ? old?.array?.first { self.key(of: $0) == self.key(of: element) } : nil
        items.checkRules(element, old: old, at: path.element(index), errors: &errors)
      }
    default: break
    }
  }
}

extension FieldError.Kind {
  /// Rules are not evaluated on an object with such an error.
  fileprivate var blocksRules: Bool {
    switch self {
    case .notSupported, .required, .tooLong, .tooMany, .typeInvalid: true
    case .invalid, .duplicate, .forbidden: false
    }
  }
}

extension JSONValue {
  /// The name of the value's type in a schema.
  fileprivate var schemaType: String {
    switch self {
    case .null: "null"
    case .bool: "boolean"
    case .integer: "integer"
    case .number: "number"
    case .string: "string"
    case .array: "array"
    case .object: "object"
    }
  }
}
