import KubernetesModel

/// What the lab's controllers know of the cluster, and which of it needs another look.
///
/// Changes mark what they touch; `takeWrites` decides the marked parts anew and returns what is to be written. The results
/// of writes are applied like changes, so a decision is never taken on older knowledge than the last write's.
package struct ClusterState: Sendable {
  private var objects: [ResourceType: [ObjectKey: LabObject]] = [:]
  private var podsByNamespace: [String: Set<ObjectKey>] = [:]

  private var dirtyDeployments: Set<ObjectKey> = []
  private var dirtyReplicaSets: Set<ObjectKey> = []
  private var dirtyDaemonSets: Set<ObjectKey> = []
  private var dirtyServices: Set<ObjectKey> = []
  private var mustSchedule = false

  package init() {}

  package static let kinds = [
    LabKind.nodes, LabKind.pods, LabKind.services, LabKind.endpointSlices, LabKind.endpoints, LabKind.deployments,
    LabKind.replicaSets, LabKind.daemonSets,
  ]

  package func all(_ type: ResourceType) -> [LabObject] {
    (self.objects[type] ?? [:]).values.sorted { $0.key < $1.key }
  }
  package func object(_ type: ResourceType, _ key: ObjectKey) -> LabObject? { self.objects[type]?[key] }

  /// Takes a form of an object into account; false for one that is not newer than the one known.
  @discardableResult
  package mutating func apply(_ type: ResourceType, _ object: LabObject) -> Bool {
    let old = self.objects[type]?[object.key]
    if let old, old.uid == object.uid, old.resourceVersion >= object.resourceVersion { return false }
    self.objects[type, default: [:]][object.key] = object
    if type == LabKind.pods { self.podsByNamespace[object.namespace, default: []].insert(object.key) }
    self.mark(type, object)
    if let old { self.mark(type, old) }
    return true
  }

  package mutating func remove(_ type: ResourceType, _ object: LabObject) {
    guard let old = self.objects[type]?[object.key], old.uid == object.uid else { return }
    self.objects[type]?[object.key] = nil
    if type == LabKind.pods { self.podsByNamespace[object.namespace]?.remove(object.key) }
    self.mark(type, old)
  }

  /// Looks again at what changes by the passing of time alone.
  package mutating func markTimed() {
    func hasDelay(_ object: LabObject) -> Bool { (object.spec["minReadySeconds"]?.integer ?? 0) > 0 }
    self.dirtyReplicaSets.formUnion(self.all(LabKind.replicaSets).filter(hasDelay).map(\.key))
    self.dirtyDaemonSets.formUnion(self.all(LabKind.daemonSets).filter(hasDelay).map(\.key))
  }

  private mutating func mark(_ type: ResourceType, _ object: LabObject) {
    switch type {
    case LabKind.pods:
      if object.nodeName == nil { self.mustSchedule = true }
      self.markOwner(of: object)
      for (key, service) in self.objects[LabKind.services] ?? [:] where key.namespace == object.namespace {
        if let selector = EndpointReconciler.selector(of: service), EndpointReconciler.selects(selector, object) {
          self.dirtyServices.insert(key)
        }
      }
    case LabKind.replicaSets:
      self.dirtyReplicaSets.insert(object.key)
      self.markOwner(of: object)
    case LabKind.deployments: self.dirtyDeployments.insert(object.key)
    case LabKind.daemonSets: self.dirtyDaemonSets.insert(object.key)
    case LabKind.nodes:
      self.mustSchedule = true
      self.dirtyDaemonSets.formUnion((self.objects[LabKind.daemonSets] ?? [:]).keys)
    case LabKind.services, LabKind.endpoints: self.dirtyServices.insert(object.key)
    case LabKind.endpointSlices:
      if let name = object.labels[EndpointSlice.serviceNameLabel] {
        self.dirtyServices.insert(ObjectKey(namespace: object.namespace, name: name))
      }
    default: break
    }
  }

  private mutating func markOwner(of object: LabObject) {
    guard let uid = object.controllerUID,
      let owner = object.json[path: "metadata", "ownerReferences"]?.array?.first(where: { $0["uid"]?.string == uid }),
      let name = owner["name"]?.string
    else { return }
    let key = ObjectKey(namespace: object.namespace, name: name)
    switch owner["kind"]?.string {
    case "ReplicaSet": self.dirtyReplicaSets.insert(key)
    case "DaemonSet": self.dirtyDaemonSets.insert(key)
    case "Deployment": self.dirtyDeployments.insert(key)
    default: break
    }
  }

  /// What is to be written now, for everything that was marked.
  package mutating func takeWrites(at now: Timestamp) -> [ClusterWrite] {
    var writes: [ClusterWrite] = []
    for key in self.dirtyDeployments.sorted() {
      guard let deployment = self.objects[LabKind.deployments]?[key] else { continue }
      let sets = self.all(LabKind.replicaSets).filter { $0.namespace == key.namespace }
      writes += DeploymentReconciler.reconcile(deployment, replicaSets: sets, at: now)
    }
    for key in self.dirtyReplicaSets.sorted() {
      guard let set = self.objects[LabKind.replicaSets]?[key] else { continue }
      writes += ReplicaSetReconciler.reconcile(set, pods: self.pods(in: key.namespace), at: now)
    }
    for key in self.dirtyDaemonSets.sorted() {
      guard let set = self.objects[LabKind.daemonSets]?[key] else { continue }
      writes += DaemonSetReconciler.reconcile(
        set, nodes: self.all(LabKind.nodes), pods: self.pods(in: key.namespace), at: now)
    }
    writes += self.endpointWrites()
    if self.mustSchedule { writes += self.scheduling(at: now) }
    self.dirtyDeployments = []
    self.dirtyReplicaSets = []
    self.dirtyDaemonSets = []
    self.dirtyServices = []
    self.mustSchedule = false
    return writes
  }

  private func pods(in namespace: String) -> [LabObject] {
    (self.podsByNamespace[namespace] ?? []).sorted().compactMap { self.objects[LabKind.pods]?[$0] }
  }

  private func endpointWrites() -> [ClusterWrite] {
    guard !self.dirtyServices.isEmpty else { return [] }
    let slices = Dictionary(grouping: (self.objects[LabKind.endpointSlices] ?? [:]).values) { slice in
      ObjectKey(namespace: slice.namespace, name: slice.labels[EndpointSlice.serviceNameLabel] ?? "")
    }
    return self.dirtyServices.sorted().flatMap { key in
      EndpointReconciler.reconcile(
        self.objects[LabKind.services]?[key], pods: self.pods(in: key.namespace), slices: slices[key] ?? [],
        endpoints: self.objects[LabKind.endpoints]?[key])
    }
  }

  private func scheduling(at now: Timestamp) -> [ClusterWrite] {
    Scheduler.decide(pods: self.all(LabKind.pods), nodes: self.all(LabKind.nodes)).compactMap { decision in
      switch decision {
      case .bind(let pod, let node): return .bind(pod: pod.key, uid: pod.uid, node: node)
      case .unschedulable(let pod, let message):
        guard pod.condition("PodScheduled")?["message"]?.string != message else { return nil }
        var status = pod.status
        status["phase"] = "Pending"
        let others = (status["conditions"]?.array ?? []).filter { $0["type"]?.string != "PodScheduled" }
        status["conditions"] = .array(
          others + [
            [
              "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": .string(message),
              "lastProbeTime": .null, "lastTransitionTime": .string(now.text),
            ]
          ])
        return .updateStatus(LabKind.pods, pod.with(status: status).json)
      }
    }
  }
}
