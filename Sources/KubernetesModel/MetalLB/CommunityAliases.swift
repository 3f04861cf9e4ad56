/// Names for BGP communities; the kind is called `Community` (contract section 3.6).
package struct CommunityAliases: KubernetesResource, Hashable {
  package static let type = ResourceType(
    group: "metallb.io", version: "v1beta1", plural: "communities", kind: "Community")

  package var metadata: ObjectMeta
  package var spec: Spec?

  package init(metadata: ObjectMeta, spec: Spec? = nil) {
    self.metadata = metadata
    self.spec = spec
  }

  package struct Spec: Codable, Sendable, Hashable {
    package var communities: [Alias]?

    package init(communities: [Alias]? = nil) {
      self.communities = communities
    }
  }

  package struct Alias: Codable, Sendable, Hashable {
    package var name: String?
    /// `64512:1` or `large:64512:1:2`.
    package var value: String?

    package init(name: String? = nil, value: String? = nil) {
      self.name = name
      self.value = value
    }
  }
}
