import KubernetesModel

extension StructuralSchema {
  /// The object without the fields that the schema does not know, and their paths.
  ///
  /// `apiVersion`, `kind` and `metadata` of the resource itself are no business of its schema.
  package func pruned(_ object: JSONValue) -> (object: JSONValue, unknownFields: [String]) {
    var unknown: [String] = []
    let result = self.prune(object, at: "", isResource: true, unknown: &unknown)
    return (result, unknown)
  }

  private func prune(_ value: JSONValue, at path: String, isResource: Bool, unknown: inout [String]) -> JSONValue {
    switch value {
    case .object(let members):
      var result: [String: JSONValue] = [:]
      for (name, member) in members.sorted(by: { $0.key < $1.key }) {
        let memberPath = path.isEmpty ? name : "\(path).\(name)"
        if isResource || self.isEmbeddedResource, ["apiVersion", "kind", "metadata"].contains(name) {
          if name == "metadata" {
            result[name] = BuiltInValidation.pruned(
              member, shape: .named("meta.v1.ObjectMeta"), at: memberPath, unknown: &unknown)
          } else {
            result[name] = member
          }
        } else if let schema = self.properties[name] {
          result[name] = schema.prune(member, at: memberPath, isResource: false, unknown: &unknown)
        } else {
          switch self.additionalProperties {
          case .schema(let schema):
            result[name] = schema.prune(member, at: memberPath, isResource: false, unknown: &unknown)
          case .any: result[name] = member
          case .none:
            if self.preservesUnknownFields { result[name] = member } else { unknown.append(memberPath) }
          }
        }
      }
      return .object(result)
    case .array(let elements):
      guard let items = self.items else { return value }
      return .array(
        elements.enumerated().map { index, element in
          items.prune(element, at: "\(path)[\(index)]", isResource: false, unknown: &unknown)
        })
    default:
      return value
    }
  }

  /// The object with defaults filled in, where their parents exist; nulls that are not allowed are taken as absent.
  package func defaulted(_ value: JSONValue) -> JSONValue {
    switch value {
    case .object(var members):
      for (name, schema) in self.properties {
        let member = members[name]
        if member == nil || member == .null && !schema.isNullable { members[name] = schema.defaultValue }
        if let present = members[name] { members[name] = schema.defaulted(present) }
      }
      if case .schema(let schema) = self.additionalProperties {
        for (name, member) in members where self.properties[name] == nil {
          members[name] = member == .null && !schema.isNullable ? schema.defaultValue : schema.defaulted(member)
        }
      }
      return .object(members)
    case .array(let elements):
      guard let items = self.items else { return value }
      return .array(
        elements.map { element in
          if element == .null, !items.isNullable, let value = items.defaultValue { return value }
          return items.defaulted(element)
        })
    default:
      return value
    }
  }
}
