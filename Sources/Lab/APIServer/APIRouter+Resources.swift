import KubernetesModel
import NIOHTTP1

extension APIRouter {
  /// Serves a request for a resource: authorization, then the verb.
  func serve(_ request: APIRequest, _ path: ResourcePath, _ definition: ResourceDefinition, _ user: APIUser)
    async throws(APIFailure) -> APIResponse
  {
    let verb = try Self.verb(request, path)
    let access = AccessRequest(
      verb: verb, group: path.group, resource: path.plural, subresource: path.subresource,
      namespace: path.namespace ?? (path.plural == "namespaces" && path.group.isEmpty ? path.name : nil),
      name: path.name)
    guard await self.mayAccess(user, access) else { throw .denied(user, access) }
    guard path.rest.isEmpty || path.subresource == "proxy", path.namespace == nil || definition.type.isNamespaced else {
      throw .unknownResource
    }
    if let subresource = path.subresource {
      guard definition.subresources.contains(subresource) else {
        throw definition.isCustom ? .notFound(definition.type, path.name ?? "") : .unknownResource
      }
      if let stored = definition.convertedFrom, subresource == "status" {
        return try await self.serveConverted(
          request, path, definition, stored, user, verb: verb, subresource: subresource)
      }
      return try await self.serve(subresource, request, path, definition, user, verb: verb)
    }
    guard definition.verbs.contains(verb), path.name == nil || definition.isStored else { throw .methodNotAllowed }
    if let stored = definition.convertedFrom {
      return try await self.serveConverted(request, path, definition, stored, user, verb: verb)
    }
    switch verb {
    case "list", "watch": return try await self.list(request, path, definition)
    case "get": return try await self.get(request, path, definition)
    case "create": return try await self.create(request, path, definition, user)
    case "update", "patch": return try await self.write(request, path, definition, user, subresource: nil)
    case "delete":
      let format = try ResponseFormat(request.accept, include: nil)
      let options = try DeleteOptions(request)
      let (answer, warnings) = try await self.deleteReviewed(definition, path.key, options: options, user: user)
      return Self.answer(200, answer, format, headers: Self.warnings(definition.deprecation + warnings))
    case "deletecollection":
      let format = try ResponseFormat(request.accept, include: nil)
      let query = try ListQuery(request.query)
      let options = try DeleteOptions(request)
      let hooks = await self.webhooks(for: definition.type)
      if hooks.isEmpty {
        let listing = try await self.registry.deleteCollection(
          definition.type, namespace: path.namespace, options: options, listOptions: query.options)
        return Self.answer(200, definition.list(listing), format)
      }
      let listing = try await self.registry.list(definition.type, namespace: path.namespace, options: query.options)
      for object in listing.items {
        _ = try await self.deleteReviewed(definition, object.key, options: options, user: user)
      }
      return Self.answer(200, definition.list(listing), format)
    default: throw .methodNotAllowed
    }
  }

  private static func verb(_ request: APIRequest, _ path: ResourcePath) throws(APIFailure) -> String {
    switch (request.method, path.name) {
    case ("GET", _) where path.isWatch: return "watch"
    case ("GET", nil): return ListQuery.isTrue(request.query["watch"]) ? "watch" : "list"
    case ("GET", .some): return "get"
    case ("POST", nil): return "create"
    case ("POST", .some) where path.subresource != nil: return "create"
    case ("PUT", .some): return "update"
    case ("PATCH", .some): return "patch"
    case ("DELETE", .some) where path.subresource == nil: return "delete"
    case ("DELETE", nil): return "deletecollection"
    default: throw .methodNotAllowed
    }
  }

  // MARK: Reading

  private func get(_ request: APIRequest, _ path: ResourcePath, _ definition: ResourceDefinition)
    async throws(APIFailure) -> APIResponse
  {
    let format = try ResponseFormat(request.accept, include: request.query["includeObject"])
    if let version = request.query["resourceVersion"], !version.isEmpty {
      guard let asked = UInt64(version) else {
        throw .internalError(
          "resourceVersion: Invalid value: \"\(version)\": strconv.ParseUint: parsing \"\(version)\": invalid syntax")
      }
      let current = UInt64(await self.registry.resourceVersion) ?? 0
      guard asked <= current else { throw .resourceVersionTooLarge(asked, current: current) }
    }
    let object = try await self.registry.get(definition.type, path.key)
    return Self.answer(
      200, definition.formatted(object, format, now: self.registry.clock()), format,
      headers: Self.warnings(definition.deprecation))
  }

  private func list(_ request: APIRequest, _ path: ResourcePath, _ definition: ResourceDefinition)
    async throws(APIFailure) -> APIResponse
  {
    let format = try ResponseFormat(request.accept, include: request.query["includeObject"])
    let query = try ListQuery(request.query, isWatchPath: path.isWatch, name: path.isWatch ? path.name : nil)
    if query.isWatch {
      let stream = try await self.registry.watch(definition.type, namespace: path.namespace, options: query.options)
      return .watch(
        WatchResponse(
          stream: stream, format: format, timeout: query.timeout ?? .seconds(Int64.random(in: 1800...3600)),
          sendsBookmarks: query.sendsBookmarks, definition: definition, clock: self.registry.clock))
    }
    let listing = try await self.registry.list(definition.type, namespace: path.namespace, options: query.options)
    let list = definition.list(listing)
    return Self.answer(
      200, definition.formatted(list: list, listing, format, now: self.registry.clock()), format,
      headers: Self.warnings(definition.deprecation))
  }

  // MARK: Writing

  private func create(_ request: APIRequest, _ path: ResourcePath, _ definition: ResourceDefinition, _ user: APIUser)
    async throws(APIFailure) -> APIResponse
  {
    let format = try ResponseFormat(request.accept, include: request.query["includeObject"])
    let options = try WriteOptions(request, kind: "CreateOptions", user: user)
    let body = try RequestBody.object(request)
    guard definition.isStored else {
      return Self.answer(201, try await self.review(body, definition, path, user), format)
    }
    let result = try await self.reviewed(definition, options: options) { options throws(APIFailure) in
      try await self.registry.createObject(body, as: definition.type, namespace: path.namespace, options: options)
    }
    return self.answer(result, definition, format)
  }

  func write(
    _ request: APIRequest, _ path: ResourcePath, _ definition: ResourceDefinition, _ user: APIUser,
    subresource: String?
  ) async throws(APIFailure) -> APIResponse {
    let format = try ResponseFormat(request.accept, include: request.query["includeObject"])
    let result: WriteResult
    if request.method == "PATCH" {
      let patch = try RequestBody.patch(request, definition)
      let options = try WriteOptions(request, kind: "PatchOptions", user: user)
      if case .apply = patch, (request.query["fieldManager"] ?? "").isEmpty {
        throw .invalidOptions(
          "PatchOptions", [.required("fieldManager", "is required for apply patch")])
      }
      result = try await self.reviewed(definition, subresource, options: options) { options throws(APIFailure) in
        try await self.registry.patchObject(
          patch, definition.type, path.key, subresource: subresource, options: options)
      }
    } else {
      let options = try WriteOptions(request, kind: "UpdateOptions", user: user)
      let body = try RequestBody.object(request)
      result = try await self.reviewed(definition, subresource, options: options) { options throws(APIFailure) in
        try await self.registry.updateObject(
          body, as: definition.type, namespace: path.namespace, name: path.name, subresource: subresource,
          options: options)
      }
    }
    return self.answer(result, definition, format)
  }

  func answer(_ result: WriteResult, _ definition: ResourceDefinition, _ format: ResponseFormat) -> APIResponse {
    Self.answer(
      result.isNew ? 201 : 200, definition.formatted(result.object, format, now: self.registry.clock()), format,
      headers: Self.warnings(result.warnings))
  }

  static func warnings(_ texts: [String]) -> HTTPHeaders {
    var headers: HTTPHeaders = [:]
    var seen: Set<String> = []
    for text in texts where seen.insert(text).inserted {
      let quoted = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
      headers.add(name: "Warning", value: "299 - \"\(quoted)\"")
    }
    return headers
  }
}

extension ResourcePath {
  var key: ObjectKey { ObjectKey(namespace: self.namespace ?? "", name: self.name ?? "") }
}

extension ResourceDefinition {
  var deprecation: [String] {
    [self.custom?.deprecationWarning].compactMap { $0 }
      + (self.type.plural == "endpoints" && self.type.group.isEmpty ? self.rules.warnings(for: [:]) : [])
  }

  private var renderer: TableRenderer {
    guard let custom else { return TableRenderer(builtIn: self.type) }
    return TableRenderer(additionalPrinterColumns: custom.printerColumns)
  }

  /// A list of this kind. Items of built-in kinds do not repeat what the list's own header says.
  func list(_ listing: ResourceListing) -> JSONValue {
    var metadata: JSONValue = ["resourceVersion": .string(listing.resourceVersion)]
    if self.isCustom { metadata["continue"] = "" }
    if let continuation = listing.continuation { metadata["continue"] = .string(continuation) }
    if let remaining = listing.remaining { metadata["remainingItemCount"] = .integer(Int64(remaining)) }
    let items =
      self.isCustom
      ? listing.items
      : listing.items.map { item in
        var item = item
        item["apiVersion"] = nil
        item["kind"] = nil
        return item
      }
    return [
      "kind": .string(self.type.kind + "List"), "apiVersion": .string(self.type.apiVersion), "metadata": metadata,
      "items": .array(items),
    ]
  }

  func formatted(_ object: JSONValue, _ format: ResponseFormat, includesColumns: Bool = true, now: Timestamp)
    -> JSONValue
  {
    switch format.shape {
    case .object: object
    case .table(let version):
      self.renderer.table(
        of: object, include: format.include, version: version, includesColumns: includesColumns, at: now)
    case .metadata(let version): TableRenderer.partialObject(object, version: version)
    }
  }

  func formatted(list: JSONValue, _ listing: ResourceListing, _ format: ResponseFormat, now: Timestamp) -> JSONValue {
    switch format.shape {
    case .object: return list
    case .table(let version):
      return self.renderer.table(
        of: listing.items, metadata: list["metadata"], include: format.include, version: version, at: now)
    case .metadata(let version):
      return [
        "kind": "PartialObjectMetadataList", "apiVersion": .string("meta.k8s.io/\(version)"),
        "metadata": list["metadata"] ?? [:],
        "items": .array(listing.items.map { TableRenderer.partialObject($0, version: version) }),
      ]
    }
  }
}
