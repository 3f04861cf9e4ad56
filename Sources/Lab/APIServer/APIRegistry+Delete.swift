import KubernetesModel

extension APIRegistry {
  /// Deletes an object, or begins to; answers with the object while something holds it, else with a `Status`.
  @discardableResult
  package func delete(
    _ type: ResourceType, _ key: ObjectKey, options: DeleteOptions = DeleteOptions()
  ) throws(APIFailure) -> JSONValue {
    let definition = try self.definition(type)
    guard let old = self.store.object(key, in: definition.collection) else {
      throw .notFound(definition.type, key.name)
    }
    try self.checkDeletion(of: old, definition, options)
    let success = Self.success(of: old, definition)
    if options.dryRun { return definition.rules.deletionAnswersObject ? definition.presented(old) : success }
    var object = old
    self.begin(deletionOf: &object, old: old, definition, options)
    if object.isReadyToGo, !old.isTerminating || object != old {
      // What goes at once was never terminating.
      let last = self.erase(key, definition, lastForm: old.isTerminating ? object : old)
      return definition.rules.deletionAnswersObject ? definition.presented(last) : success
    }
    guard object != old else { return definition.presented(old) }
    guard let change = try? self.store.replace(object, key, in: definition.collection) else {
      throw .notFound(definition.type, key.name)
    }
    self.committed(change)
    self.carryOn(deletionOf: change.object, definition)
    return definition.presented(change.object)
  }

  /// Deletes all objects that match, and answers with them.
  package func deleteCollection(
    _ type: ResourceType, namespace: String?, options: DeleteOptions = DeleteOptions(),
    listOptions: ListOptions = ListOptions()
  ) throws(APIFailure) -> ResourceListing {
    let listing = try self.list(type, namespace: namespace, options: listOptions)
    for object in listing.items {
      do {
        try self.delete(type, object.key, options: options)
      } catch  where error.code != 404 {
        throw error
      } catch {
        // Another deletion of this call took it along.
      }
    }
    return listing
  }

  private func checkDeletion(of object: JSONValue, _ definition: ResourceDefinition, _ options: DeleteOptions)
    throws(APIFailure)
  {
    if definition.collection == BuiltInResources.namespaces.collection,
      ["default", "kube-public", "kube-system"].contains(object.name)
    {
      throw .forbidden(definition.type, object.name, "this namespace may not be deleted")
    }
    var why: String?
    if let uid = options.expectedUID, uid != object.uid {
      why =
        "the UID in the precondition (\(uid)) does not match the UID in record (\(object.uid)). The object might have "
        + "been deleted and then recreated"
    } else if let version = options.expectedResourceVersion, version != object.resourceVersion {
      why =
        "the ResourceVersion in the precondition (\(version)) does not match the ResourceVersion in record "
        + "(\(object.resourceVersion)). The object might have been modified"
    }
    guard let why else { return }
    throw APIFailure(
      code: 409, reason: "Conflict",
      message: "Operation cannot be fulfilled on \(definition.type.qualifiedKind) \"\(object.name)\": \(why)",
      details: .init(name: object.name, type: definition.type, kind: definition.type.kind))
  }

  private static func success(of object: JSONValue, _ definition: ResourceDefinition) -> JSONValue {
    var details = APIStatus.Details(name: object.name, type: definition.type)
    details.uid = object.uid
    return ["kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success", "details": details.json]
  }

  /// Marks the object as what it is: about to go, now or when its grace is over and its finalizers are done.
  private func begin(
    deletionOf object: inout JSONValue, old: JSONValue, _ definition: ResourceDefinition, _ options: DeleteOptions
  ) {
    let isPod = definition.collection == BuiltInResources.pods.collection
    var grace: Int64 = 0
    if isPod {
      grace = options.gracePeriodSeconds ?? old[path: "spec", "terminationGracePeriodSeconds"]?.integer ?? 30
      let phase = old[path: "status", "phase"]?.string ?? ""
      if old[path: "spec", "nodeName"]?.string?.isEmpty != false || ["Failed", "Succeeded"].contains(phase) {
        grace = 0
      }
      if old.isTerminating, let current = old.metadata("deletionGracePeriodSeconds")?.integer, grace > current {
        grace = current
      }
    }
    if !old.isTerminating {
      var finalizers = old.finalizers.filter { !["foregroundDeletion", "orphan"].contains($0) }
      switch options.propagation {
      case .foreground: finalizers.append("foregroundDeletion")
      case .orphan: finalizers.append("orphan")
      case .background, nil: break
      }
      if definition.collection == ResourceCatalog.definitions {
        finalizers.append("customresourcecleanup.apiextensions.k8s.io")
      }
      object.setFinalizers(finalizers)
    } else if !isPod || old.metadata("deletionGracePeriodSeconds")?.integer == grace {
      return
    }
    let when = self.clock().seconds + grace
    let hasOwnEnd =
      definition.collection == BuiltInResources.namespaces.collection
      || definition.collection == ResourceCatalog.definitions
    object.mutate("metadata") { metadata in
      metadata["deletionTimestamp"] = .string(Timestamp(seconds: when).text)
      if !hasOwnEnd { metadata["deletionGracePeriodSeconds"] = .integer(grace) }
      if !hasOwnEnd, !old.isTerminating, let generation = metadata["generation"]?.integer {
        metadata["generation"] = .integer(generation + 1)
      }
    }
    if definition.collection == BuiltInResources.namespaces.collection {
      object.mutate("status") { $0["phase"] = "Terminating" }
    }
  }

  /// Does what the deletion waits for, as far as it is this server's business.
  private func carryOn(deletionOf object: JSONValue, _ definition: ResourceDefinition) {
    if definition.collection == BuiltInResources.namespaces.collection {
      self.emptyNamespace(object.name)
    } else if definition.collection == ResourceCatalog.definitions {
      self.removeInstances(of: object)
    }
    let place = ObjectStore.Dependent(collection: definition.collection, key: object.key)
    if object.finalizers.contains("orphan") {
      for dependent in self.store.dependents(of: object.uid) { self.disown(dependent, from: object.uid) }
      self.removeFinalizer("orphan", from: place)
    } else if object.finalizers.contains("foregroundDeletion") {
      for dependent in self.store.dependents(of: object.uid) {
        guard let type = self.catalog.type(of: dependent.collection) else { continue }
        _ = try? self.delete(type, dependent.key, options: DeleteOptions(propagation: .foreground))
      }
      self.finishForeground(place)
    }
  }

  /// Takes an object out of the store, and does what follows for those around it.
  @discardableResult
  func erase(_ key: ObjectKey, _ definition: ResourceDefinition, lastForm: JSONValue) -> JSONValue {
    guard let change = try? self.store.remove(key, in: definition.collection, lastForm: lastForm) else {
      return lastForm
    }
    self.committed(change)
    for dependent in self.store.dependents(of: lastForm.uid) { self.collectIfAbandoned(dependent) }
    for owner in lastForm.ownerReferences {
      guard let place = self.place(of: owner, namespace: key.namespace) else { continue }
      self.finishForeground(place)
    }
    if definition.type.isNamespaced { self.finishNamespace(key.namespace) }
    if definition.isCustom { self.finishDefinition(of: definition.collection) }
    return change.object
  }

  // MARK: Owners and dependents

  /// Where the owner that a reference names is kept, if it exists.
  private func place(of reference: JSONValue, namespace: String) -> ObjectStore.Dependent? {
    guard let name = reference["name"]?.string, let uid = reference["uid"]?.string,
      let definition = self.catalog.definition(
        apiVersion: reference["apiVersion"]?.string ?? "", kind: reference["kind"]?.string ?? "")
    else { return nil }
    let key = ObjectKey(namespace: definition.type.isNamespaced ? namespace : "", name: name)
    guard self.store.object(key, in: definition.collection)?.uid == uid else { return nil }
    return ObjectStore.Dependent(collection: definition.collection, key: key)
  }

  /// Deletes an object none of whose owners exists any more; of one that has others, only the reference goes.
  func collectIfAbandoned(_ dependent: ObjectStore.Dependent) {
    guard let object = self.store.object(dependent.key, in: dependent.collection),
      let type = self.catalog.type(of: dependent.collection)
    else { return }
    let gone = object.ownerReferences.filter { self.place(of: $0, namespace: dependent.key.namespace) == nil }
    if gone.count == object.ownerReferences.count {
      _ = try? self.delete(type, dependent.key, options: DeleteOptions(propagation: .background))
    } else {
      for reference in gone { self.disown(dependent, from: reference["uid"]?.string ?? "") }
    }
  }

  private func disown(_ dependent: ObjectStore.Dependent, from uid: String) {
    self.modify(dependent) { object in
      let rest = object.ownerReferences.filter { $0["uid"]?.string != uid }
      object.setMetadata("ownerReferences", rest.isEmpty ? nil : .array(rest))
    }
  }

  /// Lets an owner go that waits for its dependents, once none is left that holds it.
  private func finishForeground(_ place: ObjectStore.Dependent) {
    guard let owner = self.store.object(place.key, in: place.collection), owner.isTerminating,
      owner.finalizers.contains("foregroundDeletion")
    else { return }
    let isHeld = self.store.dependents(of: owner.uid).contains { dependent in
      (self.store.object(dependent.key, in: dependent.collection)?.ownerReferences ?? []).contains {
        $0["uid"]?.string == owner.uid && $0["blockOwnerDeletion"]?.bool == true
      }
    }
    if !isHeld { self.removeFinalizer("foregroundDeletion", from: place) }
  }

  func removeFinalizer(_ finalizer: String, from place: ObjectStore.Dependent) {
    self.modify(place) { object in object.setFinalizers(object.finalizers.filter { $0 != finalizer }) }
  }

  /// Changes an object on the server's own account; it goes when nothing holds it any more.
  func modify(_ place: ObjectStore.Dependent, _ change: (inout JSONValue) -> Void) {
    guard let old = self.store.object(place.key, in: place.collection),
      let type = self.catalog.type(of: place.collection),
      let definition = self.catalog.definition(type)
    else { return }
    var object = old
    change(&object)
    guard object != old else { return }
    if object.isReadyToGo {
      self.erase(place.key, definition, lastForm: object)
    } else if let written = try? self.store.replace(object, place.key, in: place.collection) {
      self.committed(written)
    }
  }
}
