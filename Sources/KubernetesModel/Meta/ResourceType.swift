/// What the API server calls a kind of object: its place in a URL and in an object's header.
package struct ResourceType: Sendable, Hashable {
  /// Empty for the core group.
  package let group: String
  package let version: String
  /// The plural, lower-case name in URLs, such as `ipaddresspools`.
  package let plural: String
  package let kind: String
  package let isNamespaced: Bool

  package init(group: String, version: String, plural: String, kind: String, isNamespaced: Bool = true) {
    self.group = group
    self.version = version
    self.plural = plural
    self.kind = kind
    self.isNamespaced = isNamespaced
  }

  /// `v1` or `metallb.io/v1beta1`.
  package var apiVersion: String { self.group.isEmpty ? self.version : "\(self.group)/\(self.version)" }

  /// The path of the collection, of one object in it, or of a subresource of that.
  ///
  /// `namespace` is ignored for cluster-wide kinds; nil = all namespaces.
  package func path(namespace: String? = nil, name: String? = nil, subresource: String? = nil) -> String {
    var path = self.group.isEmpty ? "/api/\(self.version)" : "/apis/\(self.group)/\(self.version)"
    if self.isNamespaced, let namespace { path += "/namespaces/\(namespace)" }
    path += "/\(self.plural)"
    if let name { path += "/\(name)" }
    if let subresource { path += "/\(subresource)" }
    return path
  }
}

/// A typed Kubernetes object: just the fields that the product reads or writes.
package protocol KubernetesResource: Codable, Sendable {
  static var type: ResourceType { get }
  var metadata: ObjectMeta { get set }
}

extension KubernetesResource {
  package var key: ObjectKey { ObjectKey(namespace: self.metadata.namespace ?? "", name: self.metadata.name ?? "") }
}
