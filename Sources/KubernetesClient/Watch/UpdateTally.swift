import KubernetesModel
import Synchronization

/// How many changes of watched objects a process has taken in, which no state remembers.
package final class UpdateTally: Sendable {
  private let updates = Atomic<Int>(0)
  private let updateErrors = Atomic<Int>(0)

  package init() {}

  /// Changes of watched objects that were taken in.
  package var updateCount: Int { self.updates.load(ordering: .relaxed) }

  /// Those that could not be read, and decisions that could not be written.
  package var updateErrorCount: Int { self.updateErrors.load(ordering: .relaxed) }

  package func count<Object>(_ change: ObjectChange<Object>) {
    switch change {
    case .applied, .deleted: self.updates.add(1, ordering: .relaxed)
    case .malformed:
      self.updates.add(1, ordering: .relaxed)
      self.updateErrors.add(1, ordering: .relaxed)
    case .synced: break
    }
  }

  /// A decision could not be written.
  package func countFailedWrite() {
    self.updateErrors.add(1, ordering: .relaxed)
  }
}
