import KubernetesModel

extension APIRegistry {
  package func create(
    _ object: JSONValue, as type: ResourceType, namespace: String? = nil, options: WriteOptions = WriteOptions()
  ) throws(APIFailure) -> JSONValue {
    try self.createObject(object, as: type, namespace: namespace, options: options).object
  }

  /// Creates an object, and says what the writer should be warned of.
  ///
  /// - Parameter isApply: the object comes from server-side apply, with its managed fields.
  package func createObject(
    _ object: JSONValue, as type: ResourceType, namespace: String? = nil, options: WriteOptions = WriteOptions(),
    isApply: Bool = false
  ) throws(APIFailure) -> WriteResult {
    let definition = try self.definition(type)
    var object = object
    try definition.checkHeader(of: &object, namespace: namespace, name: nil)
    guard object.resourceVersion.isEmpty else {
      throw .internalError("resourceVersion should not be set on objects to be created")
    }
    if let reviewed = options.reviewedVersion, !reviewed.isEmpty { throw .conflict(definition.type, object.name) }
    var warnings = try definition.decode(&object, options: options)
    let managers = isApply ? object.metadata("managedFields") : nil
    self.stampCreation(&object, definition)
    definition.rules.prepareCreate(&object)
    definition.setDefaults(&object)
    let key = object.key
    if definition.type.isNamespaced { try self.admitIntoNamespace(key, definition) }
    try self.admit(&object, old: nil, definition, options: options)
    warnings += definition.warnings(for: object)
    if isApply {
      object.setMetadata("managedFields", managers)
    } else {
      self.recordManagers(&object, old: nil, definition, subresource: nil, options: options)
    }
    if let existing = self.store.object(key, in: definition.collection) {
      throw .alreadyExists(definition.type, key.name, isTerminating: existing.isTerminating)
    }
    if options.dryRun { return WriteResult(object: definition.presented(object), warnings: warnings, isNew: true) }
    let change: ObjectStore.Change
    do {
      change = try self.store.insert(object, key, in: definition.collection)
    } catch {
      throw .alreadyExists(definition.type, key.name)
    }
    self.committed(change)
    self.afterCreation(of: change)
    return WriteResult(object: definition.presented(change.object), warnings: warnings, isNew: true)
  }

  private func stampCreation(_ object: inout JSONValue, _ definition: ResourceDefinition) {
    let now = self.clock()
    let uid = self.makeUID()
    var name = object.name
    if name.isEmpty, let prefix = object.metadata("generateName")?.string, !prefix.isEmpty {
      name = String(prefix.prefix(58)) + self.makeSuffix()
    }
    object.mutate("metadata") { metadata in
      for member in ["resourceVersion", "selfLink", "deletionTimestamp", "deletionGracePeriodSeconds", "managedFields"]
      {
        metadata[member] = nil
      }
      metadata["name"] = name.isEmpty ? nil : .string(name)
      metadata["uid"] = .string(uid)
      metadata["creationTimestamp"] = .string(now.text)
      metadata["generation"] = definition.rules.countsGenerations ? 1 : nil
    }
  }

  private func admitIntoNamespace(_ key: ObjectKey, _ definition: ResourceDefinition) throws(APIFailure) {
    let namespaces = BuiltInResources.namespaces
    guard let namespace = self.store.object(ObjectKey(name: key.namespace), in: namespaces.collection) else {
      throw .notFound(namespaces, key.namespace)
    }
    guard !namespace.isTerminating else {
      throw .forbidden(
        definition.type, key.name,
        "unable to create new content in namespace \(key.namespace) because it is being terminated",
        causes: [
          APIStatus.Cause(
            reason: "NamespaceTerminating", message: "namespace \(key.namespace) is being terminated",
            field: "metadata.namespace")
        ])
    }
  }

  /// What a real cluster's controllers do about a new object at once: a namespace's default ServiceAccount, and the
  /// collection of an object whose owners are not there.
  private func afterCreation(of change: ObjectStore.Change) {
    if change.collection == BuiltInResources.namespaces.collection {
      self.furnishNamespace(change.key.name)
    }
    if !change.object.ownerReferences.isEmpty {
      self.collectIfAbandoned(ObjectStore.Dependent(collection: change.collection, key: change.key))
    }
  }

  func furnishNamespace(_ name: String) {
    for (type, object) in [
      (
        BuiltInResources.serviceAccounts,
        ["apiVersion": "v1", "kind": "ServiceAccount", "metadata": ["name": "default"]] as JSONValue
      )
    ] {
      // One that is there already stays.
      _ = try? self.createObject(object, as: type, namespace: name)
    }
  }
}

extension ResourceDefinition {
  /// Checks what the object says of itself against where it is written to, and fills in what it leaves out.
  func checkHeader(of object: inout JSONValue, namespace: String?, name: String?) throws(APIFailure) {
    guard object.object != nil else {
      throw .badRequest("the object provided is unrecognized (must be of type \(self.type.kind))")
    }
    if let kind = object["kind"]?.string, !kind.isEmpty, kind != self.type.kind {
      throw .badRequest(
        "\(kind) in version \"\(self.type.version)\" cannot be handled as a \(self.type.kind): no kind \"\(kind)\" is "
          + "registered for version \"\(self.type.apiVersion)\"")
    }
    if let version = object["apiVersion"]?.string, !version.isEmpty, version != self.type.apiVersion {
      throw .badRequest(
        "the API version in the data (\(version)) does not match the expected API version (\(self.type.apiVersion))")
    }
    object["kind"] = .string(self.type.kind)
    object["apiVersion"] = .string(self.type.apiVersion)
    if object["metadata"]?.object == nil { object["metadata"] = [:] }
    if self.type.isNamespaced {
      let namespace = namespace ?? (object.namespace.isEmpty ? "default" : object.namespace)
      if !object.namespace.isEmpty, object.namespace != namespace {
        throw .badRequest("the namespace of the provided object does not match the namespace sent on the request")
      }
      object.setMetadata("namespace", .string(namespace))
    } else {
      object.setMetadata("namespace", nil)
    }
    if let name {
      if object.name.isEmpty { object.setMetadata("name", .string(name)) }
      if object.name != name {
        throw .badRequest(
          "the name of the object (\(object.name)) does not match the name on the URL (\(name))")
      }
    }
  }

  func warnings(for object: JSONValue) -> [String] {
    [self.custom?.deprecationWarning].compactMap { $0 } + self.rules.warnings(for: object)
  }
}
