import KubernetesModel

/// Gives each pod that has no node one that admits it, spreading the pods of one owner.
package enum Scheduler {
  package enum Decision: Sendable, Hashable {
    case bind(LabObject, node: String)
    /// Nobody can take it; the sentence is in the manner of the real scheduler, as users search for it.
    case unschedulable(LabObject, message: String)
  }

  package static func decide(pods: [LabObject], nodes: [LabObject]) -> [Decision] {
    var load: [String: Int] = [:]
    var siblings: [String: Int] = [:]
    for pod in pods where pod.nodeName != nil && !pod.isFinished {
      let node = pod.nodeName ?? ""
      load[node, default: 0] += 1
      siblings["\(pod.controllerUID ?? pod.uid) \(node)", default: 0] += 1
    }
    let waiting = pods.filter { $0.nodeName == nil && $0.isActivePod }
      .sorted { ($0.created, $0.key) < ($1.created, $1.key) }
    return waiting.map { pod in
      let owner = pod.controllerUID ?? pod.uid
      let candidates = nodes.filter { Self.admits(pod, $0) }
      let best = candidates.min { left, right in
        let leftRank = (siblings["\(owner) \(left.name)"] ?? 0, load[left.name] ?? 0)
        let rightRank = (siblings["\(owner) \(right.name)"] ?? 0, load[right.name] ?? 0)
        return leftRank == rightRank ? Self.isBefore(left.name, right.name) : leftRank < rightRank
      }
      guard let best else {
        return .unschedulable(
          pod,
          message: "0/\(nodes.count) nodes are available: "
            + "\(nodes.count) node(s) didn't match Pod's node affinity/selector, had untolerated taints or were "
            + "unschedulable.")
      }
      load[best.name, default: 0] += 1
      siblings["\(owner) \(best.name)", default: 0] += 1
      return .bind(pod, node: best.name)
    }
  }

  private static func admits(_ pod: LabObject, _ node: LabObject) -> Bool {
    let tolerations = pod.spec["tolerations"]?.array ?? []
    return !node.isDeleting && node.spec["unschedulable"]?.bool != true && node.isTrue("Ready")
      && Placement.nodeSelectorAdmits(podSpec: pod.spec, node: node)
      && Placement.tolerates(tolerations: tolerations, node: node)
  }

  /// `node-2` before `node-10`.
  private static func isBefore(_ left: String, _ right: String) -> Bool {
    (left.utf8.count, left) < (right.utf8.count, right)
  }
}
