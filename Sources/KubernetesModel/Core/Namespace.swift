/// A Namespace, for pools that are bound to some by name or label.
package struct Namespace: KubernetesResource, Hashable {
  package static let type = ResourceType(
    group: "", version: "v1", plural: "namespaces", kind: "Namespace", isNamespaced: false)

  package var metadata: ObjectMeta

  package init(metadata: ObjectMeta) {
    self.metadata = metadata
  }
}
