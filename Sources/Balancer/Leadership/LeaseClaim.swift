import KubernetesModel

/// What the lease says, as one process saw it.
package struct LeaseReading: Sendable, Hashable {
  /// Empty = nobody: it was released.
  package var holder: String
  package var duration: Duration
  package var transitions: Int
  /// Changes with every write, and says which one a write replaces.
  package var version: String

  package init(holder: String, duration: Duration, transitions: Int, version: String) {
    self.holder = holder
    self.duration = duration
    self.transitions = transitions
    self.version = version
  }
}

/// What one process wants the lease to say.
package struct LeaseClaim: Sendable, Hashable {
  package enum Purpose: Sendable, Hashable {
    /// The lease becomes this process's; the time of that is noted in it.
    case acquire
    case renew
    case release
  }

  package var purpose: Purpose
  /// Empty in a release.
  package var holder: String
  package var duration: Duration
  package var transitions: Int
  /// The version that this replaces; nil = there is no lease yet.
  package var replacing: String?
}

/// What became of a read or a write of the lease.
package enum LeaseAnswer: Sendable, Hashable {
  case lease(LeaseReading)
  /// There is none: not yet, or not any more.
  case absent
  /// Somebody else wrote it in between.
  case conflict
  /// This process may not use leases at all, or the cluster has none.
  case denied(reason: String)
  case failed(reason: String)
}
