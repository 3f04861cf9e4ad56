/// A ConfigMap: named texts.
package struct ConfigMap: KubernetesResource, Hashable {
  package static let type = ResourceType(group: "", version: "v1", plural: "configmaps", kind: "ConfigMap")

  package var metadata: ObjectMeta
  package var data: [String: String]?

  package init(metadata: ObjectMeta, data: [String: String]? = nil) {
    self.metadata = metadata
    self.data = data
  }
}
