import KubernetesModel

extension APIRegistry {
  /// Server-side apply: merges what a manager wants with what others want.
  func applyObject(
    _ configuration: JSONValue, _ definition: ResourceDefinition, _ key: ObjectKey, subresource: String?,
    options: WriteOptions
  ) throws(APIFailure) -> WriteResult {
    var configuration = configuration
    try definition.checkHeader(of: &configuration, namespace: key.namespace, name: key.name)
    guard let old = self.store.object(key, in: definition.collection) else {
      guard subresource == nil else { throw .notFound(definition.type, key.name) }
      return try self.createObject(configuration, as: definition.type, namespace: key.namespace, options: options)
    }
    let merged = MergePatch.apply(configuration, to: definition.presented(old))
    return try self.write(merged, over: old, definition, subresource: subresource, options: options)
  }
}
