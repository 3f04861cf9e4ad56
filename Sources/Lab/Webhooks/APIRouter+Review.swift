import KubernetesModel

/// Webhooks in the path of a write. The registry cannot wait for anybody, so a write is rehearsed first, the webhooks are
/// asked about what would come of it, and then it is done, on condition that it still replaces what they saw.
extension APIRouter {
  private static let attempts = 5

  func webhooks(for type: ResourceType) async -> [ValidatingWebhook] {
    let configurations = (try? await self.registry.list(BuiltInResources.validatingWebhooks))?.items ?? []
    return ValidatingWebhook.all(in: configurations, for: type)
  }

  func reviewed(
    _ definition: ResourceDefinition, _ subresource: String? = nil, options: WriteOptions,
    write: (WriteOptions) async throws(APIFailure) -> WriteResult
  ) async throws(APIFailure) -> WriteResult {
    let webhooks = await self.webhooks(for: definition.type)
    guard !webhooks.isEmpty else { return try await write(options) }
    var attempt = 1
    while true {
      var rehearsal = options
      rehearsal.dryRun = true
      var proposed = try await write(rehearsal)
      let (object, old) = (proposed.object, proposed.old)
      proposed.warnings += try await self.calls.review(
        try await self.write(old == nil ? "CREATE" : "UPDATE", definition, subresource, object: object, old: old),
        name: object.name, namespace: object.namespace, by: webhooks, options: options)
      if options.dryRun { return proposed }
      var real = options
      real.reviewedVersion = old?.resourceVersion ?? ""
      do throws(APIFailure) {
        var result = try await write(real)
        result.warnings = proposed.warnings
        return result
      } catch {
        guard error.reason == "Conflict", attempt < Self.attempts else { throw error }
        attempt += 1
      }
    }
  }

  func deleteReviewed(
    _ definition: ResourceDefinition, _ key: ObjectKey, options: DeleteOptions, user: APIUser
  ) async throws(APIFailure) -> (answer: JSONValue, warnings: [String]) {
    let webhooks = await self.webhooks(for: definition.type)
    var options = options
    var warnings: [String] = []
    if !webhooks.isEmpty, let old = try? await self.registry.get(definition.type, key) {
      warnings = try await self.calls.review(
        try await self.write("DELETE", definition, nil, object: nil, old: old), name: key.name,
        namespace: key.namespace, by: webhooks, options: WriteOptions(dryRun: options.dryRun, user: user))
      if options.expectedUID == nil { options.expectedUID = old.uid }
    }
    return (try await self.registry.delete(definition.type, key, options: options), warnings)
  }

  var converter: ObjectConverter {
    ObjectConverter(client: self.webhookClient, registry: self.registry) { await self.registry.makeUID() }
  }

  private var calls: AdmissionCalls {
    AdmissionCalls(client: self.webhookClient, converter: self.converter) { await self.registry.makeUID() }
  }

  private func write(
    _ operation: String, _ definition: ResourceDefinition, _ subresource: String?, object: JSONValue?, old: JSONValue?
  ) async throws(APIFailure) -> ValidatingWebhook.Write {
    let type = definition.type
    let name = (object ?? old)?.namespace ?? ""
    let namespace =
      name.isEmpty ? nil : try? await self.registry.get(BuiltInResources.namespaces, ObjectKey(name: name))
    let catalog = await self.registry.resources
    return ValidatingWebhook.Write(
      operation: operation, type: type, subresource: subresource,
      versions: catalog.versions(of: type.group).filter {
        catalog.definition(group: type.group, version: $0, plural: type.plural) != nil
      },
      object: object, oldObject: old, namespaceLabels: namespace?.labels ?? [:])
  }
}
