import KubernetesModel
import Synchronization

/// What the process has taken in so far, in numbers that no state remembers.
final class Tally: Sendable {
  private let updates = Atomic<Int>(0)
  private let updateErrors = Atomic<Int>(0)

  /// Changes of watched objects that were taken in.
  var updateCount: Int { self.updates.load(ordering: .relaxed) }

  /// Those that could not be read.
  var updateErrorCount: Int { self.updateErrors.load(ordering: .relaxed) }

  func count<Object>(_ change: ObjectChange<Object>) {
    switch change {
    case .applied, .deleted:
      self.updates.add(1, ordering: .relaxed)
    case .malformed:
      self.updates.add(1, ordering: .relaxed)
      self.updateErrors.add(1, ordering: .relaxed)
    case .synced:
      break
    }
  }
}
