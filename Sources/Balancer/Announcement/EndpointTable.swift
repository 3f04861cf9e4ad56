import KubernetesModel

/// The usable endpoints of all Services, by Service: whether there are any, and on which nodes.
package struct EndpointTable: Sendable, Equatable {
  /// The slices of each Service; one, as a rule.
  private var slices: [ObjectKey: [EndpointsView]] = [:]
  /// The Service that each slice is filed under, as a deletion names the slice alone.
  private var filed: [ObjectKey: ObjectKey] = [:]

  package init() {}

  /// What decisions read of the endpoints of one Service.
  package struct Summary: Sendable, Hashable {
    package var isUsable = false
    /// How many of the usable ones are on each node.
    package var counts: [String: Int] = [:]

    package init(isUsable: Bool = false, counts: [String: Int] = [:]) {
      self.isUsable = isUsable
      self.counts = counts
    }

    package var nodes: Set<String> { Set(self.counts.keys) }
  }

  package func summary(of service: ObjectKey) -> Summary {
    var summary = Summary()
    for slice in self.slices[service] ?? [] where slice.isUsable {
      summary.isUsable = true
      summary.counts.merge(slice.counts, uniquingKeysWith: +)
    }
    return summary
  }

  /// Takes one change into account, and returns the Services for which the summary is another now.
  package mutating func apply(_ change: ObjectChange<EndpointsView>) -> [ObjectKey] {
    let slice: ObjectKey
    var new: EndpointsView?
    switch change {
    case .applied(let view):
      slice = view.key
      new = view.service == nil ? nil : view
    case .deleted(let key):
      slice = key
    case .malformed, .synced:
      return []
    }
    let services = Set([self.filed[slice], new?.service].compactMap(\.self))
    let before = services.map { self.summary(of: $0) }
    if let old = self.filed.removeValue(forKey: slice) {
      self.slices[old]?.removeAll { $0.key == slice }
      if self.slices[old]?.isEmpty == true { self.slices[old] = nil }
    }
    if let new, let service = new.service {
      self.filed[slice] = service
      self.slices[service, default: []].append(new)
    }
    return zip(services, before).filter { self.summary(of: $0.0) != $0.1 }.map(\.0)
  }
}
