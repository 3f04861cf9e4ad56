import KubernetesModel

extension APIRegistry {
  package func update(
    _ object: JSONValue, as type: ResourceType, namespace: String? = nil, name: String? = nil,
    subresource: String? = nil, options: WriteOptions = WriteOptions()
  ) throws(APIFailure) -> JSONValue {
    try self.updateObject(
      object, as: type, namespace: namespace, name: name, subresource: subresource, options: options
    ).object
  }

  package func updateObject(
    _ object: JSONValue, as type: ResourceType, namespace: String? = nil, name: String? = nil,
    subresource: String? = nil, options: WriteOptions = WriteOptions()
  ) throws(APIFailure) -> WriteResult {
    let definition = try self.definition(type)
    var object = object
    try definition.checkHeader(of: &object, namespace: namespace, name: name)
    let warnings = try definition.decode(&object, options: options)
    let key = object.key
    guard let old = self.store.object(key, in: definition.collection) else {
      guard definition.rules.createsOnUpdate, subresource == nil, object.uid.isEmpty || object.resourceVersion.isEmpty
      else { throw .notFound(definition.type, key.name) }
      object.setMetadata("resourceVersion", nil)
      return try self.createObject(object, as: type, namespace: namespace, options: options)
    }
    if object.resourceVersion.isEmpty, definition.rules.requiresResourceVersion {
      throw .missingVersion(definition.type, key.name)
    }
    var result = try self.write(
      object, over: old, definition, subresource: subresource, options: options)
    result.warnings = warnings + result.warnings
    return result
  }

  package func patch(
    _ patch: ObjectPatch, _ type: ResourceType, _ key: ObjectKey, subresource: String? = nil,
    options: WriteOptions = WriteOptions()
  ) throws(APIFailure) -> JSONValue {
    try self.patchObject(patch, type, key, subresource: subresource, options: options).object
  }

  package func patchObject(
    _ patch: ObjectPatch, _ type: ResourceType, _ key: ObjectKey, subresource: String? = nil,
    options: WriteOptions = WriteOptions()
  ) throws(APIFailure) -> WriteResult {
    let definition = try self.definition(type)
    if case .apply(let configuration) = patch {
      return try self.applyObject(configuration, definition, key, subresource: subresource, options: options)
    }
    guard let old = self.store.object(key, in: definition.collection) else {
      throw .notFound(definition.type, key.name)
    }
    var object = try definition.patched(definition.presented(old), by: patch)
    try definition.checkHeader(of: &object, namespace: key.namespace, name: key.name)
    let warnings = try definition.decode(&object, options: options, isPatch: true)
    var result = try self.write(object, over: old, definition, subresource: subresource, options: options)
    result.warnings = warnings + result.warnings
    return result
  }

  static let customPatchTypes = [
    "application/json-patch+json", "application/merge-patch+json", "application/apply-patch+yaml",
  ]

  /// Replaces an object by what a writer made of it, after everything that a writer may not change is put back.
  func write(
    _ proposed: JSONValue, over old: JSONValue, _ definition: ResourceDefinition, subresource: String?,
    options: WriteOptions, isApply: Bool = false
  ) throws(APIFailure) -> WriteResult {
    let key = old.key
    var object = proposed
    if let reviewed = options.reviewedVersion, reviewed != old.resourceVersion {
      throw .conflict(definition.type, key.name)
    }
    if !object.resourceVersion.isEmpty, object.resourceVersion != "0", object.resourceVersion != old.resourceVersion {
      guard UInt64(object.resourceVersion) != nil else {
        throw .internalError(
          "metadata.resourceVersion: Invalid value: \"\(object.resourceVersion)\": strconv.ParseUint: parsing "
            + "\"\(object.resourceVersion)\": invalid syntax")
      }
      throw .conflict(definition.type, key.name)
    }
    if !object.uid.isEmpty, object.uid != old.uid {
      throw .conflict(
        definition.type, key.name,
        "StorageError: invalid object, Code: 4, Key: /registry/\(definition.type.plural)/\(key), ResourceVersion: 0, "
          + "AdditionalErrorMsg: Precondition failed: UID in precondition: \(object.uid), UID in object meta: \(old.uid)"
      )
    }
    let managers = object.metadata("managedFields")
    object.mutate("metadata") { metadata in
      for member in [
        "uid", "resourceVersion", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation",
        "generateName",
      ] {
        metadata[member] = old.metadata(member)
      }
      metadata["selfLink"] = nil
      if managers == nil { metadata["managedFields"] = old.metadata("managedFields") }
    }
    switch subresource {
    case "status": definition.rules.prepareStatusUpdate(&object, old: old)
    case "finalize": object = old.replacingFinalizers(of: object)
    default: definition.rules.prepareUpdate(&object, old: old)
    }
    definition.setDefaults(&object)
    try self.admit(&object, old: old, definition, options: options)
    if definition.rules.countsGenerations, definition.rules.isNewGeneration(object, of: old, subresource: subresource) {
      object.setMetadata("generation", .integer((old.metadata("generation")?.integer ?? 0) + 1))
    }
    if !isApply { self.recordManagers(&object, old: old, definition, subresource: subresource, options: options) }
    return try self.commit(object, over: old, definition, options: options)
  }

  /// Stores a changed object; one that only waited for its last finalizer goes.
  func commit(
    _ object: JSONValue, over old: JSONValue, _ definition: ResourceDefinition, options: WriteOptions
  ) throws(APIFailure) -> WriteResult {
    let key = old.key
    let warnings = definition.warnings(for: object)
    let shown = definition.presented(old)
    if object.equalsIgnoringManagers(old) {
      return WriteResult(object: shown, old: shown, warnings: warnings)
    }
    if options.dryRun { return WriteResult(object: definition.presented(object), old: shown, warnings: warnings) }
    if object.isReadyToGo {
      var last = object
      last.setMetadata("resourceVersion", old.metadata("resourceVersion"))
      self.erase(key, definition, lastForm: object)
      return WriteResult(object: definition.presented(last), old: shown, warnings: warnings)
    }
    let change: ObjectStore.Change
    do {
      change = try self.store.replace(object, key, in: definition.collection, expecting: old.revision)
    } catch {
      throw .conflict(definition.type, key.name)
    }
    self.committed(change)
    return WriteResult(object: definition.presented(change.object), old: shown, warnings: warnings)
  }
}

extension JSONValue {
  /// What a user asks of the object: everything but its header and its status.
  var asked: JSONValue {
    var object = self
    object["metadata"] = nil
    object["status"] = nil
    return object
  }

  func equalsIgnoringManagers(_ other: JSONValue) -> Bool {
    var left = self
    var right = other
    left.setMetadata("managedFields", nil)
    right.setMetadata("managedFields", nil)
    guard left == right else { return false }
    return self.managersWithoutTimes == other.managersWithoutTimes
  }

  private var managersWithoutTimes: [JSONValue] {
    (self.metadata("managedFields")?.array ?? []).map { entry in
      var entry = entry
      entry["time"] = nil
      return entry
    }
  }

  /// Whether an object whose deletion has begun has nothing left to wait for.
  var isReadyToGo: Bool {
    self.isTerminating && self.finalizers.isEmpty && (self[path: "spec", "finalizers"]?.array ?? []).isEmpty
      && (self.metadata("deletionGracePeriodSeconds")?.integer ?? 0) == 0
  }

  fileprivate func replacingFinalizers(of other: JSONValue) -> JSONValue {
    var object = self
    object.mutate("spec") { $0["finalizers"] = other[path: "spec", "finalizers"] }
    return object
  }
}

extension ResourceDefinition {
  /// The object with a patch applied; an apply patch leaves it as it is.
  func patched(_ shown: JSONValue, by patch: ObjectPatch) throws(APIFailure) -> JSONValue {
    let object: JSONValue
    do {
      switch patch {
      case .json(let operations): object = try JSONPatch.apply(operations, to: shown)
      case .merge(let changes): object = MergePatch.apply(changes, to: shown)
      case .strategic(let changes):
        guard !self.isCustom else { throw APIFailure.unsupportedMediaType(APIRegistry.customPatchTypes) }
        object = try StrategicMergePatch.apply(changes, to: shown, type: self.type)
      case .apply: object = shown
      }
    } catch let error as PatchError {
      throw APIFailure(error)
    } catch let error as APIFailure {
      throw error
    } catch {
      throw APIFailure.internalError("\(error)")
    }
    if case .merge(let changes) = patch, changes.object == nil {
      throw .badRequest("error decoding patch: json: cannot unmarshal \(changes.compactText) into an object")
    }
    return object
  }
}

extension APIFailure {
  /// The 422 that names the resource where others name the kind.
  fileprivate static func missingVersion(_ type: ResourceType, _ name: String) -> APIFailure {
    let resource = ResourceType(group: type.group, version: type.version, plural: type.plural, kind: type.plural)
    return .invalid(resource, name, [.invalid("metadata.resourceVersion", 0, "must be specified for an update")])
  }
}
