import KubernetesModel

extension StructuralSchema {
  /// The shape of a custom resource, for server-side apply.
  package var resourceShape: Shape {
    var fields = self.fields
    fields["metadata"] = FieldShape(name: "metadata", shape: .named("meta.v1.ObjectMeta"))
    fields["apiVersion"] = FieldShape(name: "apiVersion", shape: .scalar(.string))
    fields["kind"] = FieldShape(name: "kind", shape: .scalar(.string))
    return .record(RecordShape(name: "", fields: fields, isOpen: self.preservesUnknownFields))
  }

  private var shape: Shape {
    switch self.type {
    case "object":
      if self.isEmbeddedResource { return self.resourceShape }
      if !self.properties.isEmpty {
        return .record(
          RecordShape(name: "", fields: self.fields, isAtomic: self.isAtomicMap, isOpen: self.preservesUnknownFields))
      }
      switch self.additionalProperties {
      case .schema(let schema): return .map(schema.shape, isAtomic: self.isAtomicMap)
      case .any, .none: return self.isAtomicMap ? .opaque : .deduced
      }
    case "array":
      let kind: Shape.ListKind =
        switch self.listType {
        case .atomic: .atomic
        case .set: .set
        case .map: .map(keys: self.listKeys)
        }
      return .list(self.items?.shape ?? .deduced, kind)
    case nil: return self.isIntOrString ? .scalar(.intOrString) : .deduced
    case .some: return .scalar(.string)
    }
  }

  private var fields: [String: FieldShape] {
    var fields: [String: FieldShape] = [:]
    for (name, schema) in self.properties {
      var field = FieldShape(name: name, shape: schema.shape)
      field.defaultValue = schema.defaultValue
      field.isRequired = self.required.contains(name)
      fields[name] = field
    }
    return fields
  }
}
