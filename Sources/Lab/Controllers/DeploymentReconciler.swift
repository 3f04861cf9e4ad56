import KubernetesModel

/// Rolls a Deployment out: one ReplicaSet per template, the newest grows as the older ones shrink.
package enum DeploymentReconciler {
  static let hashLabel = "pod-template-hash"
  static let revisionAnnotation = "deployment.kubernetes.io/revision"

  package static func reconcile(
    _ deployment: LabObject, replicaSets: [LabObject], at now: Timestamp
  ) -> [ClusterWrite] {
    let own = replicaSets.filter { $0.isControlled(by: deployment) && !$0.isDeleting }
    let hash = Self.templateHash(of: deployment)
    let current = own.first { $0.labels[Self.hashLabel] == hash }
    let old = own.filter { $0.labels[Self.hashLabel] != hash }
    var writes: [ClusterWrite] = []
    if !deployment.isDeleting {
      let revision = Self.nextRevision(own, current: current)
      if let current {
        if deployment.spec["paused"]?.bool != true {
          writes += Self.scale(deployment, current: current, old: old, revision: revision)
        }
        if old.allSatisfy({ $0.replicas == 0 && $0.observedReplicas == 0 }) {
          writes += Self.forget(old, keeping: Int(deployment.spec["revisionHistoryLimit"]?.integer ?? 10))
        }
      } else if deployment.spec["paused"]?.bool != true {
        writes.append(Self.create(deployment, hash: hash, old: old, revision: revision))
      }
      if let annotated = Self.annotated(deployment, revision: revision) {
        writes.append(.update(LabKind.deployments, annotated))
        return writes
      }
    }
    let status = Self.status(of: deployment, current: current, old: old, at: now)
    if status != deployment.status {
      writes.append(.updateStatus(LabKind.deployments, deployment.with(status: status).json))
    }
    return writes
  }

  static func templateHash(of deployment: LabObject) -> String {
    (deployment.spec["template"] ?? .null).contentHash
  }

  private static func nextRevision(_ own: [LabObject], current: LabObject?) -> Int {
    let newest = own.filter { $0 != current }.map(\.revision).max() ?? 0
    return max(newest + 1, current?.revision ?? 1)
  }

  private static func annotated(_ deployment: LabObject, revision: Int) -> JSONValue? {
    guard deployment.annotations[Self.revisionAnnotation] != String(revision) else { return nil }
    return deployment.settingRevision(revision).json
  }

  private static func create(
    _ deployment: LabObject, hash: String, old: [LabObject], revision: Int
  ) -> ClusterWrite {
    let wanted = deployment.replicas
    let budget = RolloutBudget(strategy: deployment.spec["strategy"], replicas: wanted)
    let existing = old.reduce(0) { $0 + max($1.replicas, $1.observedReplicas) }
    let first: Int
    if deployment.isRecreating {
      first = existing == 0 ? wanted : 0
    } else {
      first = max(0, min(wanted, wanted + budget.surge - existing))
    }
    var template = deployment.spec["template"] ?? .object([:])
    var metadata = template["metadata"] ?? .object([:])
    var labels = metadata["labels"] ?? .object([:])
    labels[Self.hashLabel] = .string(hash)
    metadata["labels"] = labels
    template["metadata"] = metadata
    var selector = deployment.spec["selector"] ?? .object([:])
    var matchLabels = selector["matchLabels"] ?? .object([:])
    matchLabels[Self.hashLabel] = .string(hash)
    selector["matchLabels"] = matchLabels
    var spec: JSONValue = ["replicas": .integer(Int64(first)), "selector": selector, "template": template]
    if let seconds = deployment.spec["minReadySeconds"] { spec["minReadySeconds"] = seconds }
    return .create(
      LabKind.replicaSets,
      [
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": [
          "name": .string("\(deployment.name)-\(hash)"), "namespace": .string(deployment.namespace),
          "labels": labels, "annotations": [Self.revisionAnnotation: .string(String(revision))],
          "ownerReferences": [deployment.ownerReference(of: LabKind.deployments)],
        ],
        "spec": spec,
      ])
  }

  /// The next step of the roll-out; further steps follow when the pods of this one have come or gone.
  static func scale(
    _ deployment: LabObject, current: LabObject, old: [LabObject], revision: Int
  ) -> [ClusterWrite] {
    let wanted = deployment.replicas
    var targets: [(set: LabObject, replicas: Int)] = []
    if deployment.isRecreating {
      let isEmpty = old.allSatisfy { $0.replicas == 0 && $0.observedReplicas == 0 }
      targets = old.map { ($0, 0) } + [(current, isEmpty ? wanted : 0)]
    } else {
      let budget = RolloutBudget(strategy: deployment.spec["strategy"], replicas: wanted)
      let total = ([current] + old).reduce(0) { $0 + $1.replicas }
      let grown =
        current.replicas >= wanted
        ? wanted : current.replicas + max(0, min(wanted - current.replicas, wanted + budget.surge - total))
      targets = Self.shrink(old, current: current, mustStay: wanted - budget.unavailable) + [(current, grown)]
    }
    return targets.compactMap { set, replicas in
      let revisioned = set.uid == current.uid ? set.settingRevision(revision) : set
      guard set.replicas != replicas || revisioned != set else { return nil }
      var json = revisioned.json
      var spec = revisioned.spec
      spec["replicas"] = .integer(Int64(replicas))
      json["spec"] = spec
      return .update(LabKind.replicaSets, json)
    }
  }

  /// How many pods each older set keeps so that `mustStay` pods are available: those that are not available go first.
  private static func shrink(
    _ old: [LabObject], current: LabObject, mustStay: Int
  ) -> [(set: LabObject, replicas: Int)] {
    let total = ([current] + old).reduce(0) { $0 + $1.replicas }
    let newUnavailable = max(0, current.replicas - current.available)
    var mayGo = max(0, total - mustStay - newUnavailable)
    let oldestFirst = old.sorted { ($0.revision, $0.name) < ($1.revision, $1.name) }
    var keep = Dictionary(uniqueKeysWithValues: oldestFirst.map { ($0.uid, $0.replicas) })
    for set in oldestFirst {
      let idle = min(mayGo, max(0, set.replicas - set.available))
      keep[set.uid, default: 0] -= idle
      mayGo -= idle
    }
    let available = ([current] + old).reduce(0) { $0 + min($1.available, $1.replicas) }
    var mayGoAvailable = max(0, available - mustStay)
    for set in oldestFirst {
      let count = min(mayGoAvailable, keep[set.uid] ?? 0)
      keep[set.uid, default: 0] -= count
      mayGoAvailable -= count
    }
    return oldestFirst.map { ($0, keep[$0.uid] ?? 0) }
  }

  private static func forget(_ old: [LabObject], keeping limit: Int) -> [ClusterWrite] {
    old.sorted { $0.revision < $1.revision }.prefix(max(0, old.count - limit))
      .map { .delete(LabKind.replicaSets, $0.key, uid: $0.uid) }
  }
}

extension LabObject {
  /// What a workload asks for, and what it says it has.
  var replicas: Int { Int(clamping: max(0, self.spec["replicas"]?.integer ?? 1)) }
  var observedReplicas: Int { Int(clamping: self.status["replicas"]?.integer ?? 0) }
  var available: Int { Int(clamping: self.status["availableReplicas"]?.integer ?? 0) }
  var ready: Int { Int(clamping: self.status["readyReplicas"]?.integer ?? 0) }
  var revision: Int { Int(self.annotations[DeploymentReconciler.revisionAnnotation] ?? "") ?? 0 }
  var isRecreating: Bool { self.spec[path: "strategy", "type"]?.string == "Recreate" }

  func settingRevision(_ revision: Int) -> LabObject {
    var copy = self
    var metadata = self.json["metadata"] ?? .object([:])
    var annotations = metadata["annotations"] ?? .object([:])
    annotations[DeploymentReconciler.revisionAnnotation] = .string(String(revision))
    metadata["annotations"] = annotations
    copy.json["metadata"] = metadata
    return copy
  }
}
