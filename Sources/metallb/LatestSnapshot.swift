import Dashboard
import Runner
import Synchronization

/// The newest snapshot, and whoever waits for one.
///
/// A page that is slow misses those in between; none is kept for it.
final class LatestSnapshot: Sendable {
  private struct State {
    var snapshot: ClusterSnapshot?
    var bells: [Int: Inbox<Void>] = [:]
    var nextID = 0
  }

  private let state = Mutex(State())

  func publish(_ snapshot: ClusterSnapshot) {
    let bells = self.state.withLock { state in
      state.snapshot = snapshot
      return Array(state.bells.values)
    }
    for bell in bells { _ = bell.trySend(()) }
  }

  var snapshot: ClusterSnapshot? { self.state.withLock { $0.snapshot } }

  /// Rings the bell at each snapshot while `body` runs.
  func ringing(_ bell: Inbox<Void>, while body: () async throws -> Void) async throws {
    let id = self.state.withLock { state in
      state.nextID += 1
      state.bells[state.nextID] = bell
      return state.nextID
    }
    defer { self.state.withLock { $0.bells[id] = nil } }
    try await body()
  }
}
