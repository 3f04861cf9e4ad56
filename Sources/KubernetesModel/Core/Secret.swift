/// A Secret; the values of `data` are base64 text, as on the wire.
package struct Secret: KubernetesResource, Hashable {
  package static let type = ResourceType(group: "", version: "v1", plural: "secrets", kind: "Secret")

  package var metadata: ObjectMeta
  package var type: String?
  package var data: [String: String]?
  package var stringData: [String: String]?

  package init(
    metadata: ObjectMeta, type: String? = nil, data: [String: String]? = nil, stringData: [String: String]? = nil
  ) {
    self.metadata = metadata
    self.type = type
    self.data = data
    self.stringData = stringData
  }
}
