import KubernetesModel
import Primitives

/// The Node objects of the lab: as the agent registers them, and as the controller marks them.
package enum NodeObject {
  static let unreachableTaint = "node.kubernetes.io/unreachable"
  static let unschedulableTaint = "node.kubernetes.io/unschedulable"

  package static func registered(_ host: AddressPlan.Host, kernel: String, at now: Timestamp) -> JSONValue {
    let podNetworks = [host.podNetwork, host.podNetwork6].compactMap(\.self).map { JSONValue.string("\($0)") }
    return [
      "apiVersion": "v1", "kind": "Node",
      "metadata": [
        "name": .string(host.name),
        "labels": [
          "kubernetes.io/hostname": .string(host.name), "kubernetes.io/os": "linux",
          "kubernetes.io/arch": .string(Self.architecture), "beta.kubernetes.io/os": "linux",
          "beta.kubernetes.io/arch": .string(Self.architecture),
        ],
      ],
      "spec": ["podCIDR": podNetworks.first ?? "", "podCIDRs": .array(podNetworks)],
      "status": [
        "addresses": [
          ["type": "InternalIP", "address": .string(host.address.description)],
          ["type": "InternalIP", "address": .string(host.address6.description)],
          ["type": "Hostname", "address": .string(host.name)],
        ],
        "capacity": Self.capacity, "allocatable": Self.capacity,
        "conditions": .array(Self.conditions(ready: true, of: nil, at: now)),
        "nodeInfo": [
          "architecture": .string(Self.architecture), "operatingSystem": "linux", "kernelVersion": .string(kernel),
          "kubeletVersion": "v1.36.0-lab", "kubeProxyVersion": "v1.36.0-lab", "osImage": "network namespace",
          "containerRuntimeVersion": "processes://1.0", "machineID": .string(host.namespace),
          "systemUUID": .string(host.namespace), "bootID": .string(host.namespace),
        ],
      ],
    ]
  }

  private static let capacity: JSONValue = ["cpu": "2", "memory": "2097152Ki", "pods": "110"]

  #if arch(arm64)
    static let architecture = "arm64"
  #else
    static let architecture = "amd64"
  #endif

  /// The node with its readiness as the heartbeats tell it; nil when nothing changes. Taints are the spec's part.
  package static func marked(_ node: LabObject, ready: Bool, at now: Timestamp) -> JSONValue? {
    var status = node.status
    let conditions = JSONValue.array(Self.conditions(ready: ready, of: node, at: now))
    guard status["conditions"] != conditions else { return nil }
    status["conditions"] = conditions
    return node.with(status: status).json
  }

  /// The node with the taints that its readiness and its cordon call for; nil when it has them.
  package static func tainted(_ node: LabObject, ready: Bool) -> JSONValue? {
    let managed = [Self.unreachableTaint, Self.unschedulableTaint]
    let existing = node.spec["taints"]?.array ?? []
    var taints = existing.filter { !managed.contains($0["key"]?.string ?? "") }
    if !ready {
      taints.append(["key": .string(Self.unreachableTaint), "effect": "NoSchedule"])
      taints.append(["key": .string(Self.unreachableTaint), "effect": "NoExecute"])
    }
    if node.spec["unschedulable"]?.bool == true {
      taints.append(["key": .string(Self.unschedulableTaint), "effect": "NoSchedule"])
    }
    guard taints.map(Self.identity) != existing.map(Self.identity) else { return nil }
    var json = node.json
    var spec = node.spec
    spec["taints"] = taints.isEmpty ? nil : .array(taints)
    json["spec"] = spec
    return json
  }

  private static func identity(_ taint: JSONValue) -> String {
    "\(taint["key"]?.string ?? "") \(taint["value"]?.string ?? "") \(taint["effect"]?.string ?? "")"
  }

  /// The pressures and the readiness; what others have added, such as NetworkUnavailable set by hand, stays.
  private static func conditions(ready: Bool, of node: LabObject?, at now: Timestamp) -> [JSONValue] {
    let healthy: [(type: String, status: String, reason: String, message: String)] = [
      ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
      ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
      ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
      ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
    ]
    let own = healthy.map { condition -> JSONValue in
      let status = ready ? condition.status : "Unknown"
      let previous = node?.condition(condition.type)
      if let previous, previous["status"]?.string == status { return previous }
      return [
        "type": .string(condition.type), "status": .string(status),
        "reason": .string(ready ? condition.reason : "NodeStatusUnknown"),
        "message": .string(ready ? condition.message : "Kubelet stopped posting node status."),
        "lastHeartbeatTime": .string(now.text), "lastTransitionTime": .string(now.text),
      ]
    }
    let types = Set(healthy.map(\.type))
    let others = (node?.status["conditions"]?.array ?? []).filter { !types.contains($0["type"]?.string ?? "") }
    let network: JSONValue = [
      "type": "NetworkUnavailable", "status": "False", "reason": "RouteCreated",
      "message": "The lab has routes to every node's pods", "lastHeartbeatTime": .string(now.text),
      "lastTransitionTime": .string(now.text),
    ]
    return (node == nil ? [network] : others) + own
  }
}
