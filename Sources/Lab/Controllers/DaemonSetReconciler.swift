import KubernetesModel

/// Keeps one pod of a DaemonSet on every node that admits it, and replaces outdated ones a few at a time.
package enum DaemonSetReconciler {
  static let hashLabel = "controller-revision-hash"
  static let generationLabel = "pod-template-generation"

  /// What every pod of a DaemonSet tolerates besides: it belongs to its node, however the node fares.
  static let impliedTolerations: [JSONValue] = [
    ["key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute"],
    ["key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute"],
    ["key": "node.kubernetes.io/disk-pressure", "operator": "Exists", "effect": "NoSchedule"],
    ["key": "node.kubernetes.io/memory-pressure", "operator": "Exists", "effect": "NoSchedule"],
    ["key": "node.kubernetes.io/pid-pressure", "operator": "Exists", "effect": "NoSchedule"],
    ["key": "node.kubernetes.io/unschedulable", "operator": "Exists", "effect": "NoSchedule"],
  ]

  private static let hostNetworkToleration: JSONValue = [
    "key": "node.kubernetes.io/network-unavailable", "operator": "Exists", "effect": "NoSchedule",
  ]

  package static func reconcile(
    _ daemonSet: LabObject, nodes: [LabObject], pods: [LabObject], at now: Timestamp
  ) -> [ClusterWrite] {
    let own = pods.filter { $0.isControlled(by: daemonSet) }
    let hash = Self.templateHash(of: daemonSet)
    let tolerations = Self.tolerations(of: daemonSet)
    let podSpec = daemonSet.spec[path: "template", "spec"] ?? .null
    func admits(_ node: LabObject, effects: Set<String>) -> Bool {
      Placement.nodeSelectorAdmits(podSpec: podSpec, node: node)
        && Placement.tolerates(tolerations: tolerations, node: node, effects: effects)
    }
    let wanted = Set(nodes.filter { admits($0, effects: ["NoSchedule", "NoExecute"]) }.map(\.name))
    let mayStay = Set(nodes.filter { admits($0, effects: ["NoExecute"]) }.map(\.name))

    var writes: [ClusterWrite] = []
    if !daemonSet.isDeleting {
      var byNode: [String: [LabObject]] = [:]
      for pod in own { byNode[pod.nodeName ?? "", default: []].append(pod) }
      for node in wanted.sorted() where !(byNode[node] ?? []).contains(where: { !$0.isFinished }) {
        writes.append(.create(LabKind.pods, Self.pod(of: daemonSet, on: node, hash: hash)))
      }
      for (node, pods) in byNode.sorted(by: { $0.key < $1.key }) {
        let active = pods.filter(\.isActivePod).sorted { ($0.created, $0.name) < ($1.created, $1.name) }
        let surplus = mayStay.contains(node) ? active.dropFirst() : active[...]
        let finished = pods.filter { $0.isFinished && !$0.isDeleting }
        writes += (surplus + finished).map { .delete(LabKind.pods, $0.key, uid: $0.uid) }
      }
      writes += Self.replacements(daemonSet, own: own, wanted: wanted, hash: hash, at: now)
    }
    let status = Self.status(of: daemonSet, own: own, wanted: wanted, hash: hash, at: now)
    if status != daemonSet.status {
      writes.append(.updateStatus(LabKind.daemonSets, daemonSet.with(status: status).json))
    }
    return writes
  }

  static func templateHash(of daemonSet: LabObject) -> String {
    (daemonSet.spec["template"] ?? .null).contentHash
  }

  private static func tolerations(of daemonSet: LabObject) -> [JSONValue] {
    let podSpec = daemonSet.spec[path: "template", "spec"]
    let own = podSpec?["tolerations"]?.array ?? []
    return own + Self.impliedTolerations
      + (podSpec?["hostNetwork"]?.bool == true ? [Self.hostNetworkToleration] : [])
  }

  private static func pod(of daemonSet: LabObject, on node: String, hash: String) -> JSONValue {
    var pod = ReplicaSetReconciler.pod(
      of: daemonSet, owner: LabKind.daemonSets,
      extraLabels: [Self.hashLabel: hash, Self.generationLabel: String(daemonSet.generation)])
    var spec = pod["spec"] ?? .object([:])
    spec["nodeName"] = .string(node)
    spec["tolerations"] = .array(Self.tolerations(of: daemonSet))
    pod["spec"] = spec
    return pod
  }

  /// The outdated pods to take down now: those that are not ready at once, ready ones as the budget allows.
  private static func replacements(
    _ daemonSet: LabObject, own: [LabObject], wanted: Set<String>, hash: String, at now: Timestamp
  ) -> [ClusterWrite] {
    guard daemonSet.spec[path: "updateStrategy", "type"]?.string != "OnDelete" else { return [] }
    let limit = daemonSet.spec[path: "updateStrategy", "rollingUpdate", "maxUnavailable"] ?? 1
    let budget = max(1, RolloutBudget.resolve(limit, of: wanted.count, roundingUp: true))
    let minimumReady = daemonSet.spec["minReadySeconds"]?.integer ?? 0
    let active = own.filter { $0.isActivePod && wanted.contains($0.nodeName ?? "") }
    let available = Set(
      active.filter { $0.isAvailablePod(minimumReady: minimumReady, at: now) }.compactMap(\.nodeName))
    let outdated = active.filter { $0.labels[Self.hashLabel] != hash }.sorted { $0.name < $1.name }
    let idle = outdated.filter { !available.contains($0.nodeName ?? "") }
    let serving = outdated.filter { available.contains($0.nodeName ?? "") }
    let room = max(0, budget - (wanted.count - available.count))
    return (idle + serving.prefix(room)).map { .delete(LabKind.pods, $0.key, uid: $0.uid) }
  }

  static func status(
    of daemonSet: LabObject, own: [LabObject], wanted: Set<String>, hash: String, at now: Timestamp
  ) -> JSONValue {
    let minimumReady = daemonSet.spec["minReadySeconds"]?.integer ?? 0
    let active = own.filter(\.isActivePod)
    func nodes(_ pods: [LabObject]) -> Int { Set(pods.compactMap(\.nodeName)).intersection(wanted).count }
    let available = nodes(active.filter { $0.isAvailablePod(minimumReady: minimumReady, at: now) })
    let updated = nodes(active.filter { $0.labels[Self.hashLabel] == hash })
    var status: [String: JSONValue] = [
      "currentNumberScheduled": .integer(Int64(nodes(active))),
      "numberMisscheduled": .integer(Int64(active.filter { !wanted.contains($0.nodeName ?? "") }.count)),
      "desiredNumberScheduled": .integer(Int64(wanted.count)),
      "numberReady": .integer(Int64(nodes(active.filter(\.isReadyPod)))),
      "observedGeneration": .integer(daemonSet.generation),
    ]
    if updated > 0 { status["updatedNumberScheduled"] = .integer(Int64(updated)) }
    if available > 0 { status["numberAvailable"] = .integer(Int64(available)) }
    if available < wanted.count { status["numberUnavailable"] = .integer(Int64(wanted.count - available)) }
    return .object(status)
  }
}
