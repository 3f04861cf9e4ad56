import KubernetesModel

extension DeploymentReconciler {
  /// The status as `kubectl rollout status` and `kubectl wait` read it.
  static func status(
    of deployment: LabObject, current: LabObject?, old: [LabObject], at now: Timestamp
  ) -> JSONValue {
    let all = (current.map { [$0] } ?? []) + old
    let wanted = deployment.replicas
    let total = all.reduce(0) { $0 + $1.observedReplicas }
    let available = all.reduce(0) { $0 + $1.available }
    let ready = all.reduce(0) { $0 + $1.ready }
    let updated = current?.observedReplicas ?? 0
    var status: [String: JSONValue] = ["observedGeneration": .integer(deployment.generation)]
    func set(_ name: String, _ count: Int) { if count > 0 { status[name] = .integer(Int64(count)) } }
    set("replicas", total)
    set("updatedReplicas", updated)
    set("readyReplicas", ready)
    set("availableReplicas", available)
    set("unavailableReplicas", max(0, max(total, wanted) - available))

    let budget = RolloutBudget(strategy: deployment.spec["strategy"], replicas: wanted)
    let isAvailable = available >= wanted - (deployment.isRecreating ? 0 : budget.unavailable)
    let isComplete = updated == wanted && total == wanted && available == wanted && current?.replicas == wanted
    let conditions: [JSONValue] = [
      Self.condition(
        "Available", isAvailable,
        reason: isAvailable ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
        message: isAvailable
          ? "Deployment has minimum availability." : "Deployment does not have minimum availability.",
        of: deployment, at: now),
      Self.condition(
        "Progressing", true, reason: isComplete ? "NewReplicaSetAvailable" : "ReplicaSetUpdated",
        message: current.map {
          isComplete
            ? "ReplicaSet \"\($0.name)\" has successfully progressed." : "ReplicaSet \"\($0.name)\" is progressing."
        } ?? "Waiting for the new ReplicaSet.",
        of: deployment, at: now),
    ]
    status["conditions"] = .array(conditions)
    return .object(status)
  }

  private static func condition(
    _ type: String, _ isTrue: Bool, reason: String, message: String, of object: LabObject, at now: Timestamp
  ) -> JSONValue {
    let status = isTrue ? "True" : "False"
    let previous = object.condition(type)
    if let previous, previous["status"]?.string == status, previous["reason"]?.string == reason,
      previous["message"]?.string == message
    {
      return previous
    }
    let since = previous?["status"]?.string == status ? previous?["lastTransitionTime"] : nil
    return [
      "type": .string(type), "status": .string(status), "reason": .string(reason), "message": .string(message),
      "lastUpdateTime": .string(now.text), "lastTransitionTime": since ?? .string(now.text),
    ]
  }
}
