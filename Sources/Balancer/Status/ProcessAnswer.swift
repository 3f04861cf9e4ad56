import KubernetesModel

/// What came of asking one pod for its status.
package struct ProcessAnswer<Status: Sendable & Hashable>: Sendable, Hashable {
  package enum Outcome: Sendable, Hashable {
    /// With everything that it said, members included that are not known here.
    case told(Status, raw: JSONValue)
    /// The pod cannot be asked although it runs: perhaps it is MetalLB's own speaker, or who asks may not.
    case silent(String)
    /// The pod does not run.
    case down(String)
  }

  package var pod: String
  /// Empty = none yet.
  package var node: String
  package var outcome: Outcome

  package init(pod: String, node: String, outcome: Outcome) {
    self.pod = pod
    self.node = node
    self.outcome = outcome
  }

  package var status: Status? {
    guard case .told(let status, _) = self.outcome else { return nil }
    return status
  }

  /// Why there is no status.
  package var reason: String? {
    switch self.outcome {
    case .told: nil
    case .silent(let reason), .down(let reason): reason
    }
  }

  package var json: JSONValue {
    var value: JSONValue = ["pod": .string(self.pod), "node": .string(self.node)]
    if case .told(_, let raw) = self.outcome { value["status"] = raw }
    value["unavailable"] = self.reason.map { .string($0) }
    return value
  }
}
