import KubernetesModel

/// An EndpointSlice in the fields that announcing needs: whether anything can serve, and on which nodes.
package struct EndpointsView: Sendable, Hashable {
  package var key: ObjectKey
  /// The Service that the slice belongs to; nil = none.
  package var service: ObjectKey?
  /// Whether any endpoint can be sent traffic.
  package var isUsable: Bool
  /// The nodes that have such an endpoint, sorted.
  package var nodes: [String]

  package init(key: ObjectKey, service: ObjectKey?, isUsable: Bool, nodes: [String]) {
    self.key = key
    self.service = service
    self.isUsable = isUsable
    self.nodes = nodes
  }

  package init(_ slice: EndpointSlice) {
    let usable = (slice.endpoints ?? []).filter(\.isUsable)
    self.init(
      key: slice.key, service: slice.service, isUsable: !usable.isEmpty,
      nodes: Set(usable.compactMap(\.nodeName)).sorted())
  }
}
