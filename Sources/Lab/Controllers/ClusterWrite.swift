import KubernetesModel

/// One change that a controller wants made to the objects of the cluster.
package enum ClusterWrite: Sendable, Hashable {
  case create(ResourceType, JSONValue)
  /// Replaces an object as a whole.
  case update(ResourceType, JSONValue)
  case updateStatus(ResourceType, JSONValue)
  case delete(ResourceType, ObjectKey, uid: String)
  /// Puts a pod on a node.
  case bind(pod: ObjectKey, uid: String, node: String)
}

/// The kinds that the lab's controllers watch and write.
package enum LabKind {
  package static let pods = ResourceType(group: "", version: "v1", plural: "pods", kind: "Pod")
  package static let nodes = ResourceType(group: "", version: "v1", plural: "nodes", kind: "Node", isNamespaced: false)
  package static let services = ResourceType(group: "", version: "v1", plural: "services", kind: "Service")
  package static let endpoints = ResourceType(group: "", version: "v1", plural: "endpoints", kind: "Endpoints")
  package static let secrets = ResourceType(group: "", version: "v1", plural: "secrets", kind: "Secret")
  package static let configMaps = ResourceType(group: "", version: "v1", plural: "configmaps", kind: "ConfigMap")
  package static let namespaces = ResourceType(
    group: "", version: "v1", plural: "namespaces", kind: "Namespace", isNamespaced: false)
  package static let serviceAccounts = ResourceType(
    group: "", version: "v1", plural: "serviceaccounts", kind: "ServiceAccount")
  package static let endpointSlices = ResourceType(
    group: "discovery.k8s.io", version: "v1", plural: "endpointslices", kind: "EndpointSlice")
  package static let deployments = ResourceType(
    group: "apps", version: "v1", plural: "deployments", kind: "Deployment")
  package static let replicaSets = ResourceType(
    group: "apps", version: "v1", plural: "replicasets", kind: "ReplicaSet")
  package static let daemonSets = ResourceType(group: "apps", version: "v1", plural: "daemonsets", kind: "DaemonSet")
}
