import KubernetesModel

/// An EndpointSlice in the fields that announcing needs: whether anything can serve, and how much of it on which nodes.
package struct EndpointsView: Sendable, Hashable {
  package var key: ObjectKey
  /// The Service that the slice belongs to; nil = none.
  package var service: ObjectKey?
  /// Whether any endpoint can be sent traffic.
  package var isUsable: Bool
  /// How many such endpoints are on each node that has some.
  package var counts: [String: Int]

  package init(key: ObjectKey, service: ObjectKey?, isUsable: Bool, counts: [String: Int]) {
    self.key = key
    self.service = service
    self.isUsable = isUsable
    self.counts = counts
  }

  package init(_ slice: EndpointSlice) {
    let usable = (slice.endpoints ?? []).filter(\.isUsable)
    self.init(
      key: slice.key, service: slice.service, isUsable: !usable.isEmpty,
      counts: usable.reduce(into: [:]) { counts, endpoint in
        if let node = endpoint.nodeName { counts[node, default: 0] += 1 }
      })
  }
}
