/// The state of a cluster, and how much of it a view shows.
package struct StatusExtract: Sendable {
  let status: ClusterStatus
  /// Whether there are more columns, and wider ones.
  let isWide: Bool
  /// Of the rows of each list.
  let limit: StatusLimit

  package init(
    _ status: ClusterStatus, isWide: Bool = false, limit: StatusLimit = StatusLimit(0, hint: "")
  ) {
    self.status = status
    self.isWide = isWide
    self.limit = limit
  }
}

/// A view of such an extract.
protocol ExtractView: StatusView {
  var extract: StatusExtract { get }
}

extension ExtractView {
  var status: ClusterStatus { self.extract.status }
  var isWide: Bool { self.extract.isWide }
  var limit: StatusLimit { self.extract.limit }
}
