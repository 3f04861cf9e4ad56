import KubernetesModel

extension ResourceDefinition {
  /// Turns a body into an object of this kind: refuses or drops what the kind does not have, and returns what the writer
  /// should be warned of.
  func decode(_ object: inout JSONValue, options: WriteOptions, isPatch: Bool = false) throws(APIFailure) -> [String] {
    let unknown: [String]
    if let custom {
      guard let schema = custom.schema else { return [] }
      (object, unknown) = schema.pruned(object)
    } else {
      if let error = BuiltInValidation.typeError(in: object, type: self.type) {
        throw self.undecodable(error, object, isPatch: isPatch)
      }
      (object, unknown) = BuiltInValidation.pruned(object, type: self.type)
    }
    guard !unknown.isEmpty else { return [] }
    switch options.fieldValidation {
    case .ignore: return []
    case .warn: return FieldValidation.warnings(unknown: unknown)
    case .strict: throw self.undecodable(FieldValidation.strictError(unknown: unknown), object, isPatch: isPatch)
    }
  }

  /// A body that does not fit its kind is 400 on its own, and 422 as the result of a patch.
  private func undecodable(_ reason: String, _ object: JSONValue, isPatch: Bool) -> APIFailure {
    guard isPatch else {
      return .badRequest(
        "\(self.type.kind) in version \"\(self.type.version)\" cannot be handled as a \(self.type.kind): \(reason)")
    }
    return APIFailure(FieldValidation.patchRefusal(reason, result: object))
  }

  func setDefaults(_ object: inout JSONValue) {
    if let schema = self.custom?.schema { object = schema.defaulted(object) }
    self.rules.setDefaults(&object)
  }

  func schemaProblems(in object: JSONValue, old: JSONValue?) -> [FieldError] {
    self.custom?.schema?.validate(object, old: old) ?? []
  }
}

extension APIFailure {
  package init(_ status: APIStatus) {
    self.init(
      code: status.code ?? 500, reason: status.reason, message: status.message ?? "", details: status.details)
  }
}

extension ResourceDefinition {
  /// What an object of this kind looks like, for those who share its fields.
  var shape: Shape {
    self.custom.map { $0.schema?.resourceShape ?? .deduced } ?? BuiltInTypes.shape(for: self.type) ?? .deduced
  }
}

extension APIRegistry {
  /// Notes who wrote which fields.
  func recordManagers(
    _ object: inout JSONValue, old: JSONValue?, _ definition: ResourceDefinition, subresource: String?,
    options: WriteOptions
  ) {
    object = ServerSideApply.update(
      object, replacing: old, shape: definition.shape, manager: options.fieldManager, subresource: subresource ?? "",
      at: self.clock())
  }
}
