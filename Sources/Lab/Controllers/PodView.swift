import KubernetesModel

extension LabObject {
  /// What the controllers ask of a pod.
  package var nodeName: String? { self.spec["nodeName"]?.string }
  package var phase: String { self.status["phase"]?.string ?? "Pending" }
  package var podIP: String? { self.status["podIP"]?.string }
  /// The pod's addresses of both families.
  package var podIPs: [String] {
    self.status["podIPs"]?.array?.compactMap { $0["ip"]?.string } ?? self.podIP.map { [$0] } ?? []
  }
  package var isFinished: Bool { self.phase == "Succeeded" || self.phase == "Failed" }

  /// Neither finished nor asked to go: it counts as one of its owner's pods.
  package var isActivePod: Bool { !self.isFinished && !self.isDeleting }
  package var isReadyPod: Bool { self.isTrue("Ready") }

  /// Ready for at least the given seconds.
  package func isAvailablePod(minimumReady seconds: Int64, at now: Timestamp) -> Bool {
    guard self.isReadyPod else { return false }
    guard seconds > 0 else { return true }
    guard let text = self.condition("Ready")?["lastTransitionTime"]?.string, let since = Timestamp(text) else {
      return false
    }
    return now.seconds - since.seconds >= seconds
  }

  /// The pods that a controller gives up first: unscheduled before scheduled, unready before ready, young before old.
  package static func isCheaperToLose(_ left: LabObject, _ right: LabObject) -> Bool {
    if (left.nodeName == nil) != (right.nodeName == nil) { return left.nodeName == nil }
    if left.isReadyPod != right.isReadyPod { return !left.isReadyPod }
    if left.created != right.created { return left.created > right.created }
    return left.name > right.name
  }
}

/// Whether a pod may be put on a node: taints, selector and required affinity to labels.
package enum Placement {
  package static func nodeSelectorAdmits(podSpec: JSONValue, node: LabObject) -> Bool {
    let wanted = (podSpec["nodeSelector"]?.object ?? [:]).compactMapValues(\.string)
    guard wanted.allSatisfy({ node.labels[$0.key] == $0.value }) else { return false }
    let required = podSpec[path: "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"]
    guard let terms = required?["nodeSelectorTerms"]?.array else { return true }
    return terms.contains { term in
      (term["matchExpressions"]?.array ?? []).allSatisfy { Self.matches($0, node.labels) }
        && (term["matchFields"]?.array ?? []).allSatisfy { Self.matches($0, ["metadata.name": node.name]) }
    }
  }

  private static func matches(_ expression: JSONValue, _ labels: [String: String]) -> Bool {
    LabelSelector.Requirement(
      key: expression["key"]?.string ?? "", operator: expression["operator"]?.string ?? "",
      values: expression["values"]?.array?.compactMap(\.string)
    ).matches(labels)
  }

  /// Whether every taint of the node with one of the effects is tolerated.
  package static func tolerates(
    tolerations: [JSONValue], node: LabObject, effects: Set<String> = ["NoSchedule", "NoExecute"]
  ) -> Bool {
    (node.spec["taints"]?.array ?? []).allSatisfy { taint in
      guard effects.contains(taint["effect"]?.string ?? "") else { return true }
      return tolerations.contains { Self.tolerates($0, taint) }
    }
  }

  private static func tolerates(_ toleration: JSONValue, _ taint: JSONValue) -> Bool {
    if let effect = toleration["effect"]?.string, !effect.isEmpty, effect != taint["effect"]?.string { return false }
    let key = toleration["key"]?.string ?? ""
    let exists = toleration["operator"]?.string == "Exists"
    if key.isEmpty { return exists }
    guard key == taint["key"]?.string else { return false }
    return exists || (toleration["value"]?.string ?? "") == (taint["value"]?.string ?? "")
  }
}
