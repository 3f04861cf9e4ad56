import KubernetesModel

/// Keeps as many pods of a ReplicaSet as it asks for, and says how many there are.
package enum ReplicaSetReconciler {
  /// Pods made in one go; more follow when these have been seen.
  static let burst = 50

  package static func reconcile(
    _ replicaSet: LabObject, pods: [LabObject], at now: Timestamp
  ) -> [ClusterWrite] {
    let own = pods.filter { $0.isControlled(by: replicaSet) && $0.isActivePod }
    var writes: [ClusterWrite] = []
    if !replicaSet.isDeleting {
      let wanted = Int(replicaSet.spec["replicas"]?.integer ?? 1)
      if own.count < wanted {
        let pod = Self.pod(of: replicaSet, owner: LabKind.replicaSets)
        writes += Array(repeating: ClusterWrite.create(LabKind.pods, pod), count: min(wanted - own.count, Self.burst))
      } else if own.count > wanted {
        writes += own.sorted(by: LabObject.isCheaperToLose).prefix(own.count - wanted)
          .map { .delete(LabKind.pods, $0.key, uid: $0.uid) }
      }
    }
    let status = Self.status(of: replicaSet, own: own, at: now)
    if status != replicaSet.status {
      writes.append(.updateStatus(LabKind.replicaSets, replicaSet.with(status: status).json))
    }
    return writes
  }

  static func status(of replicaSet: LabObject, own: [LabObject], at now: Timestamp) -> JSONValue {
    let minimumReady = replicaSet.spec["minReadySeconds"]?.integer ?? 0
    let templateLabels = replicaSet.spec[path: "template", "metadata", "labels"]?.object?.compactMapValues(\.string)
    let labelled = own.filter { pod in (templateLabels ?? [:]).allSatisfy { pod.labels[$0.key] == $0.value } }
    let ready = own.filter(\.isReadyPod)
    let available = ready.filter { $0.isAvailablePod(minimumReady: minimumReady, at: now) }
    var status: [String: JSONValue] = [
      "replicas": .integer(Int64(own.count)), "observedGeneration": .integer(replicaSet.generation),
    ]
    if !labelled.isEmpty { status["fullyLabeledReplicas"] = .integer(Int64(labelled.count)) }
    if !ready.isEmpty { status["readyReplicas"] = .integer(Int64(ready.count)) }
    if !available.isEmpty { status["availableReplicas"] = .integer(Int64(available.count)) }
    return .object(status)
  }

  /// A pod from the template of its owner, which the server gives a name.
  static func pod(of owner: LabObject, owner type: ResourceType, extraLabels: [String: String] = [:]) -> JSONValue {
    var metadata = owner.spec[path: "template", "metadata"] ?? .object([:])
    metadata["name"] = nil
    metadata["creationTimestamp"] = nil
    metadata["generateName"] = .string("\(owner.name)-")
    metadata["namespace"] = .string(owner.namespace)
    metadata["ownerReferences"] = [owner.ownerReference(of: type)]
    if !extraLabels.isEmpty {
      var labels = metadata["labels"]?.object ?? [:]
      for (name, value) in extraLabels { labels[name] = .string(value) }
      metadata["labels"] = .object(labels)
    }
    return [
      "apiVersion": "v1", "kind": "Pod", "metadata": metadata,
      "spec": owner.spec[path: "template", "spec"] ?? .object([:]),
    ]
  }
}
