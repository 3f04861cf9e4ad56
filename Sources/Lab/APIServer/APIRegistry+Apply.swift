import KubernetesModel

extension APIRegistry {
  /// Server-side apply: merges what a manager wants with what others want.
  func applyObject(
    _ configuration: JSONValue, _ definition: ResourceDefinition, _ key: ObjectKey, subresource: String?,
    options: WriteOptions
  ) throws(APIFailure) -> WriteResult {
    var configuration = configuration
    try definition.checkHeader(of: &configuration, namespace: key.namespace, name: key.name)
    let old = self.store.object(key, in: definition.collection)
    if old == nil, subresource != nil { throw .notFound(definition.type, key.name) }
    if old == nil, !configuration.uid.isEmpty {
      throw .conflict(definition.type, key.name, "uid mismatch: the provided object specified uid \(configuration.uid)")
    }
    var merged: JSONValue
    do {
      merged = try ServerSideApply.apply(
        configuration, to: old.map { definition.presented($0) }, shape: definition.shape, manager: options.fieldManager,
        subresource: subresource ?? "", force: options.force, at: self.clock())
    } catch {
      throw APIFailure(error.status)
    }
    let warnings = try definition.decode(&merged, options: options)
    var result: WriteResult
    if let old {
      result = try self.write(merged, over: old, definition, subresource: subresource, options: options, isApply: true)
    } else {
      merged.setMetadata("resourceVersion", nil)
      result = try self.createObject(
        merged, as: definition.type, namespace: key.namespace, options: options, isApply: true)
    }
    result.warnings = warnings + result.warnings
    return result
  }
}
