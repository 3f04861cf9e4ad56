import KubernetesModel

extension APIRegistry {
  /// Deletes everything in a namespace that is to go.
  func emptyNamespace(_ name: String) {
    for definition in self.catalog.stored where definition.type.isNamespaced {
      guard let page = try? self.store.page(of: definition.collection, namespace: name) else { continue }
      for object in page.items {
        _ = try? self.delete(definition.type, object.key, options: DeleteOptions(propagation: .background))
      }
    }
    self.finishNamespace(name)
  }

  /// Lets a terminating namespace go once it is empty, and says in its conditions what keeps it until then.
  func finishNamespace(_ name: String) {
    let collection = BuiltInResources.namespaces.collection
    let key = ObjectKey(name: name)
    guard let namespace = self.store.object(key, in: collection), namespace.isTerminating else { return }
    var remaining: [String] = []
    var finalizers: [String: Int] = [:]
    for definition in self.catalog.stored where definition.type.isNamespaced {
      guard let page = try? self.store.page(of: definition.collection, namespace: name), !page.items.isEmpty else {
        continue
      }
      remaining.append("\(definition.type.qualifiedResource) has \(page.items.count) resource instances")
      for finalizer in page.items.flatMap({ $0.finalizers }) { finalizers[finalizer, default: 0] += 1 }
    }
    let place = ObjectStore.Dependent(collection: collection, key: key)
    guard !remaining.isEmpty else {
      self.modify(place) { object in object.mutate("spec") { $0["finalizers"] = nil } }
      return
    }
    let now = self.clock().text
    func condition(_ type: String, _ isTrue: Bool, _ reason: String, _ message: String) -> JSONValue {
      [
        "type": .string(type), "status": isTrue ? "True" : "False", "lastTransitionTime": .string(now),
        "reason": .string(reason), "message": .string(message),
      ]
    }
    let held = finalizers.sorted { $0.key < $1.key }.map { "\($0.key) in \($0.value) resource instances" }
    let conditions: [JSONValue] = [
      condition(
        "NamespaceDeletionDiscoveryFailure", false, "ResourcesDiscovered", "All resources successfully discovered"),
      condition(
        "NamespaceDeletionGroupVersionParsingFailure", false, "ParsedGroupVersions",
        "All legacy kube types successfully parsed"),
      condition(
        "NamespaceDeletionContentFailure", false, "ContentDeleted",
        "All content successfully deleted, may be waiting on finalization"),
      condition(
        "NamespaceContentRemaining", true, "SomeResourcesRemain",
        "Some resources are remaining: " + remaining.joined(separator: ", ")),
      condition(
        "NamespaceFinalizersRemaining", !held.isEmpty, held.isEmpty ? "ContentHasNoFinalizers" : "SomeFinalizersRemain",
        held.isEmpty
          ? "All content-preserving finalizers finished"
          : "Some content in the namespace has finalizers remaining: " + held.joined(separator: ", ")),
    ]
    let before = (namespace[path: "status", "conditions"]?.array ?? []).map { $0["message"] }
    guard before != conditions.map({ $0["message"] }) else { return }
    self.modify(place) { object in object.mutate("status") { $0["conditions"] = .array(conditions) } }
  }

  /// Makes the namespaces that every cluster has, and the Service that leads to the API server.
  package func furnishCluster() {
    for name in ["default", "kube-system", "kube-public", "kube-node-lease"] {
      _ = try? self.create(
        ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": .string(name)]], as: BuiltInResources.namespaces)
    }
    _ = try? self.create(
      [
        "apiVersion": "v1", "kind": "Service",
        "metadata": [
          "name": "kubernetes", "labels": ["component": "apiserver", "provider": "kubernetes"],
        ],
        "spec": [
          "type": "ClusterIP", "clusterIP": .string(self.services.firstAddress),
          "ports": [
            [
              "name": "https", "port": 443, "protocol": "TCP",
              "targetPort": .integer(Int64(self.settings.advertisedPort)),
            ]
          ],
        ],
      ], as: BuiltInResources.services, namespace: "default")
    guard let address = self.settings.advertisedAddress else { return }
    _ = try? self.create(
      [
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
        "metadata": ["name": "kubernetes", "labels": ["kubernetes.io/service-name": "kubernetes"]],
        "addressType": .string(address.family.kubernetesName),
        "endpoints": [["addresses": [.string("\(address)")], "conditions": ["ready": true]]],
        "ports": [
          ["name": "https", "port": .integer(Int64(self.settings.advertisedPort)), "protocol": "TCP"]
        ],
      ], as: BuiltInResources.endpointSlices, namespace: "default")
  }
}

extension ResourceType {
  /// `pods.` or `leases.coordination.k8s.io`: a resource as a namespace's conditions name it.
  fileprivate var qualifiedResource: String { "\(self.plural).\(self.group)" }
}
