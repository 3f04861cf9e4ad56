import KubernetesModel

/// The usable endpoints of all Services, by Service: whether there are any, on which nodes, and which of these have only just
/// got some.
package struct EndpointTable: Sendable, Equatable {
  /// The slices of each Service; one, as a rule.
  private var slices: [ObjectKey: [EndpointsView]] = [:]
  /// The Service that each slice is filed under, as a deletion names the slice alone.
  private var filed: [ObjectKey: ObjectKey] = [:]
  private var newcomers: NewcomerTable
  /// What is listed at the start may be of any age.
  private var isSynced = false

  /// `settleTime` is for how long a node's first endpoint of a Service is new; zero = none ever is.
  package init(settleTime: Duration = .zero) {
    self.newcomers = NewcomerTable(settleTime: settleTime)
  }

  /// What decisions read of the endpoints of one Service.
  package struct Summary: Sendable, Hashable {
    package var isUsable = false
    /// How many of the usable ones are on each node.
    package var counts: [String: Int] = [:]
    /// The nodes that have only just got some, while others have had theirs for longer.
    package var newcomers: Set<String> = []

    package init(isUsable: Bool = false, counts: [String: Int] = [:], newcomers: Set<String> = []) {
      self.isUsable = isUsable
      self.counts = counts
      self.newcomers = newcomers
    }

    package var nodes: Set<String> { Set(self.counts.keys) }
  }

  package func summary(of service: ObjectKey) -> Summary {
    var summary = Summary(newcomers: self.newcomers.nodes(of: service))
    for slice in self.slices[service] ?? [] where slice.isUsable {
      summary.isUsable = true
      summary.counts.merge(slice.counts, uniquingKeysWith: +)
    }
    return summary
  }

  /// When the summary of some Service may become another by itself.
  package var nextDeadline: ContinuousClock.Instant? { self.newcomers.nextDeadline }

  /// Takes the time into account, and returns the Services for which the summary is another now.
  package mutating func settle(at now: ContinuousClock.Instant) -> Set<ObjectKey> { self.newcomers.settle(at: now) }

  /// Takes one change into account, and returns the Services for which the summary is another now.
  package mutating func apply(_ change: ObjectChange<EndpointsView>, at now: ContinuousClock.Instant) -> [ObjectKey] {
    let slice: ObjectKey
    var new: EndpointsView?
    switch change {
    case .applied(let view):
      slice = view.key
      new = view.service == nil ? nil : view
    case .deleted(let key):
      slice = key
    case .synced:
      self.isSynced = true
      return []
    case .malformed:
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
    let changed = zip(services, before).map { (service: $0, before: $1, after: self.summary(of: $0)) }
      .filter { $0.before != $0.after }
    if self.isSynced {
      for (service, before, after) in changed {
        self.newcomers.note(service, from: before.nodes, to: after.nodes, at: now)
      }
    }
    return changed.map(\.service)
  }
}
