import KubernetesModel

@testable import Lab

/// Objects as the lab's store would hold them, in the fewest words.
enum Fixture {
  static let now = Timestamp(seconds: 1_800_000_000)

  static func pod(
    _ name: String, node: String? = "node-1", ip: String? = "10.244.1.2", ready: Bool = true,
    labels: [String: String] = ["app": "web"], owner: String? = nil, deleting: Bool = false, created: String = "2027"
  ) -> LabObject {
    var metadata: JSONValue = [
      "name": .string(name), "namespace": "default", "uid": .string("uid-\(name)"),
      "creationTimestamp": .string(created), "labels": .object(labels.mapValues { .string($0) }),
    ]
    if let owner { metadata["ownerReferences"] = [["uid": .string(owner), "controller": true]] }
    if deleting { metadata["deletionTimestamp"] = "2027-01-15T08:00:00Z" }
    var spec: JSONValue = [
      "containers": [["name": "web", "ports": [["name": "http", "containerPort": 8080]]]]
    ]
    if let node { spec["nodeName"] = .string(node) }
    var status: JSONValue = [
      "phase": "Running",
      "conditions": [
        ["type": "Ready", "status": ready ? "True" : "False", "lastTransitionTime": "2027-01-15T07:59:50Z"]
      ],
    ]
    if let ip { status["podIP"] = .string(ip) }
    return LabObject(["kind": "Pod", "metadata": metadata, "spec": spec, "status": status])
  }

  static func node(
    _ name: String, ready: Bool = true, labels: [String: String] = [:], unschedulable: Bool = false,
    taints: [JSONValue] = []
  ) -> LabObject {
    var spec: JSONValue = [:]
    if unschedulable { spec["unschedulable"] = true }
    if !taints.isEmpty { spec["taints"] = .array(taints) }
    return LabObject([
      "kind": "Node",
      "metadata": ["name": .string(name), "labels": .object(labels.mapValues { .string($0) })],
      "spec": spec, "status": ["conditions": [["type": "Ready", "status": ready ? "True" : "Unknown"]]],
    ])
  }

  static func deployment(replicas: Int64, image: String = "nginx:1", strategy: JSONValue? = nil) -> LabObject {
    var spec: JSONValue = [
      "replicas": .integer(replicas), "selector": ["matchLabels": ["app": "web"]],
      "template": [
        "metadata": ["labels": ["app": "web"]],
        "spec": ["containers": [["name": "web", "image": .string(image)]]],
      ],
    ]
    if let strategy { spec["strategy"] = strategy }
    return LabObject([
      "kind": "Deployment",
      "metadata": [
        "name": "web", "namespace": "default", "uid": "uid-deployment", "generation": 3,
        "annotations": [DeploymentReconciler.revisionAnnotation: "1"],
      ],
      "spec": spec,
    ])
  }

  /// A ReplicaSet of `deployment` for its present template, or for an older one.
  static func replicaSet(
    of deployment: LabObject, hash: String? = nil, revision: Int = 1, replicas: Int64, available: Int64
  ) -> LabObject {
    let hash = hash ?? DeploymentReconciler.templateHash(of: deployment)
    return LabObject([
      "kind": "ReplicaSet",
      "metadata": [
        "name": .string("web-\(hash)"), "namespace": "default", "uid": .string("uid-\(hash)"),
        "labels": [DeploymentReconciler.hashLabel: .string(hash)],
        "annotations": [DeploymentReconciler.revisionAnnotation: .string(String(revision))],
        "ownerReferences": [["uid": .string(deployment.uid), "controller": true]],
      ],
      "spec": ["replicas": .integer(replicas)],
      "status": [
        "replicas": .integer(replicas), "availableReplicas": .integer(available), "readyReplicas": .integer(available),
      ],
    ])
  }

  static func service(_ spec: JSONValue = [:], ingress: String? = nil) -> LabObject {
    var merged: JSONValue = [
      "selector": ["app": "web"], "clusterIPs": ["10.96.0.7"], "ipFamilies": ["IPv4"],
      "ports": [["name": "http", "port": 80, "targetPort": "http", "protocol": "TCP"]],
    ]
    for (name, value) in spec.object ?? [:] { merged[name] = value }
    var json: JSONValue = [
      "kind": "Service", "metadata": ["name": "web", "namespace": "default", "uid": "uid-service"], "spec": merged,
    ]
    if let ingress { json["status"] = ["loadBalancer": ["ingress": [["ip": .string(ingress)]]]] }
    return LabObject(json)
  }

  /// What each write is about, in a word or two.
  static func summary(_ writes: [ClusterWrite]) -> [String] {
    writes.map { write in
      switch write {
      case .create(let type, let object):
        "create \(type.kind)"
          + (object[path: "spec", "replicas"]?.integer.map { " replicas=\($0)" }
            ?? object[path: "spec", "nodeName"]?.string.map { " on \($0)" } ?? "")
      case .update(let type, let object):
        "update \(type.kind) \(LabObject(object).name)"
          + (object[path: "spec", "replicas"]?.integer.map { " replicas=\($0)" } ?? "")
      case .updateStatus(let type, _): "status \(type.kind)"
      case .delete(let type, let key, _): "delete \(type.kind) \(key.name)"
      case .bind(let pod, _, let node): "bind \(pod.name) to \(node)"
      }
    }
  }
}
