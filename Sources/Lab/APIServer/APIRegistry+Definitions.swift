import KubernetesModel

extension APIRegistry {
  /// Follows a CRD: its kinds are served as soon as it is stored, and no longer once its deletion has begun.
  func catalogChanged(by change: ObjectStore.Change) {
    let spec = change.object["spec"]
    let collection = ResourceCollection(
      group: spec?["group"]?.string ?? "", plural: spec?[path: "names", "plural"]?.string ?? "")
    guard change.kind != .deleted else {
      self.catalog.remove(collection)
      return
    }
    if change.kind == .modified { self.catalog.remove(collection) }
    for definition in ResourceCatalog.definitions(of: change.object) { self.catalog.add(definition) }
    self.establish(change.object)
  }

  /// Writes the conditions that clients wait for.
  private func establish(_ crd: JSONValue) {
    let now = self.clock().text
    let isTerminating = crd.isTerminating
    let names = crd[path: "spec", "names"] ?? [:]
    func condition(_ type: String, _ reason: String, _ message: String) -> JSONValue {
      [
        "type": .string(type), "status": "True", "lastTransitionTime": .string(now), "reason": .string(reason),
        "message": .string(message),
      ]
    }
    let known = (crd[path: "status", "conditions"]?.array ?? []).compactMap { $0["type"]?.string }
    guard !known.contains("Established") || crd[path: "status", "acceptedNames"] != names else { return }
    guard !isTerminating else { return }
    let place = ObjectStore.Dependent(collection: ResourceCatalog.definitions, key: crd.key)
    self.modify(place) { object in
      object.mutate("status") { status in
        status["acceptedNames"] = names
        status["conditions"] = [
          condition("NamesAccepted", "NoConflicts", "no conflicts found"),
          condition("Established", "InitialNamesAccepted", "the initial names have been accepted"),
        ]
      }
    }
  }

  /// Deletes the objects of a CRD that is to go.
  func removeInstances(of crd: JSONValue) {
    guard let definition = ResourceCatalog.definitions(of: crd).first else { return }
    for object in (try? self.store.page(of: definition.collection))?.items ?? [] {
      _ = try? self.delete(definition.type, object.key)
    }
    self.finishDefinition(of: definition.collection)
  }

  /// Lets a terminating CRD go once none of its objects is left.
  func finishDefinition(of collection: ResourceCollection) {
    let key = ObjectKey(name: "\(collection.plural).\(collection.group)")
    guard let crd = self.store.object(key, in: ResourceCatalog.definitions), crd.isTerminating,
      self.store.count(in: collection) == 0
    else { return }
    self.removeFinalizer(
      "customresourcecleanup.apiextensions.k8s.io",
      from: ObjectStore.Dependent(collection: ResourceCatalog.definitions, key: key))
  }
}
