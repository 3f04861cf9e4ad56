import KubernetesModel

/// Custom resources in a version that a webhook makes of the stored one.
extension APIRouter {
  private static let attempts = 5

  func serveConverted(
    _ request: APIRequest, _ path: ResourcePath, _ definition: ResourceDefinition, _ stored: ResourceType,
    _ user: APIUser, verb: String, subresource: String? = nil
  ) async throws(APIFailure) -> APIResponse {
    let storage = try await self.registry.definition(stored)
    let format = try ResponseFormat(request.accept, include: request.query["includeObject"])
    let headers = Self.warnings(definition.deprecation)
    let now = self.registry.clock()
    func shown(_ objects: [JSONValue]) async throws(APIFailure) -> [JSONValue] {
      try await self.converter.convert(objects, of: stored, to: definition.type.version)
    }
    switch verb {
    case "get":
      let object = try await shown([self.registry.get(stored, path.key)])[0]
      return Self.answer(200, definition.formatted(object, format, now: now), format, headers: headers)
    case "list":
      let query = try ListQuery(request.query)
      var listing = try await self.registry.list(stored, namespace: path.namespace, options: query.options)
      listing.items = try await shown(listing.items)
      return Self.answer(
        200, definition.formatted(list: definition.list(listing), listing, format, now: now), format, headers: headers)
    case "watch":
      let query = try ListQuery(request.query, isWatchPath: path.isWatch, name: path.isWatch ? path.name : nil)
      var watch = WatchResponse(
        stream: try await self.registry.watch(stored, namespace: path.namespace, options: query.options),
        format: format,
        timeout: query.timeout ?? .seconds(Int64.random(in: 1800...3600)), sendsBookmarks: query.sendsBookmarks,
        definition: definition, clock: self.registry.clock)
      watch.convert = { [converter] object in
        try await converter.convert([object], of: stored, to: definition.type.version).first ?? object
      }
      return .watch(watch)
    case "delete":
      let (answer, warnings) = try await self.deleteReviewed(
        storage, path.key, options: try DeleteOptions(request), user: user)
      return Self.answer(200, answer, format, headers: Self.warnings(definition.deprecation + warnings))
    case "create", "update", "patch":
      var result = try await self.writeConverted(request, path, definition, storage, user, verb: verb, subresource)
      result.object = try await shown([result.object])[0]
      result.warnings = definition.deprecation + result.warnings
      return self.answer(result, definition, format)
    default: throw .methodNotAllowed
    }
  }

  /// Takes an object of this version, or a patch to one, and writes it in the stored version.
  private func writeConverted(
    _ request: APIRequest, _ path: ResourcePath, _ definition: ResourceDefinition, _ storage: ResourceDefinition,
    _ user: APIUser, verb: String, _ subresource: String?
  ) async throws(APIFailure) -> WriteResult {
    let kind = ["create": "CreateOptions", "update": "UpdateOptions"][verb] ?? "PatchOptions"
    let options = try WriteOptions(request, kind: kind, user: user)
    func kept(_ object: JSONValue) async throws(APIFailure) -> (JSONValue, [String]) {
      let (checked, warnings) = try await self.registry.checked(object, definition, path, options: options)
      return (try await self.converter.convert([checked], of: definition.type, to: storage.type.version)[0], warnings)
    }
    func write(_ object: JSONValue) async throws(APIFailure) -> WriteResult {
      try await self.reviewed(storage, subresource, options: options) { options throws(APIFailure) in
        try await self.registry.updateObject(
          object, as: storage.type, namespace: path.namespace, name: path.name, subresource: subresource,
          options: options)
      }
    }
    guard verb == "patch" else {
      let (object, warnings) = try await kept(try RequestBody.object(request))
      var result: WriteResult
      if verb == "update" {
        result = try await write(object)
      } else {
        result = try await self.reviewed(storage, options: options) { options throws(APIFailure) in
          try await self.registry.createObject(object, as: storage.type, namespace: path.namespace, options: options)
        }
      }
      result.warnings = warnings + result.warnings
      return result
    }
    let patch = try RequestBody.patch(request, definition)
    if case .apply(let configuration) = patch {
      let (object, warnings) = try await kept(configuration)
      var result = try await self.reviewed(storage, subresource, options: options) { options throws(APIFailure) in
        try await self.registry.patchObject(
          .apply(object), storage.type, path.key, subresource: subresource, options: options)
      }
      result.warnings = warnings + result.warnings
      return result
    }
    var attempt = 1
    while true {
      let old = try await self.registry.get(storage.type, path.key)
      let shown = try await self.converter.convert([old], of: storage.type, to: definition.type.version)[0]
      let (object, warnings) = try await kept(try definition.patched(shown, by: patch))
      do throws(APIFailure) {
        var result = try await write(object)
        result.warnings = warnings + result.warnings
        return result
      } catch {
        guard error.reason == "Conflict", object.resourceVersion == old.resourceVersion, attempt < Self.attempts else {
          throw error
        }
        attempt += 1
      }
    }
  }
}

extension APIRegistry {
  /// An object of a version that is not stored, checked against that version's own schema, and what to warn of.
  func checked(
    _ object: JSONValue, _ definition: ResourceDefinition, _ path: ResourcePath, options: WriteOptions
  ) throws(APIFailure) -> (JSONValue, [String]) {
    var object = object
    try definition.checkHeader(of: &object, namespace: path.namespace, name: path.name)
    let warnings = try definition.decode(&object, options: options)
    definition.setDefaults(&object)
    let problems = definition.schemaProblems(in: object, old: nil)
    guard problems.isEmpty else { throw .invalid(definition.type, object.name, problems) }
    return (object, warnings)
  }
}
