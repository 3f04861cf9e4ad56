import Synchronization

/// A clock that stands still until it is told to advance, for run loops under test.
final class ManualClock: Clock {
  typealias Instant = ContinuousClock.Instant

  private struct Sleeper {
    let id: Int
    let deadline: Instant
    let wake: CheckedContinuation<Void, any Error>
  }

  private struct State {
    var now: Instant
    var nextID = 0
    var sleepers: [Sleeper] = []
    var watchers: [(count: Int, wake: CheckedContinuation<Void, Never>)] = []

    mutating func takeSatisfiedWatchers() -> [CheckedContinuation<Void, Never>] {
      let count = self.sleepers.count
      let satisfied = self.watchers.filter { $0.count <= count }.map(\.wake)
      self.watchers.removeAll { $0.count <= count }
      return satisfied
    }
  }

  private let state: Mutex<State>

  init(start: Instant) {
    self.state = Mutex(State(now: start))
  }

  var now: Instant { self.state.withLock { $0.now } }
  var minimumResolution: Duration { .zero }

  func sleep(until deadline: Instant, tolerance: Duration?) async throws {
    let id = self.state.withLock { state in
      state.nextID += 1
      return state.nextID
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (wake: CheckedContinuation<Void, any Error>) in
        let (isOver, watchers) = self.state.withLock { state -> (Bool, [CheckedContinuation<Void, Never>]) in
          if deadline <= state.now || Task.isCancelled { return (true, []) }
          state.sleepers.append(Sleeper(id: id, deadline: deadline, wake: wake))
          return (false, state.takeSatisfiedWatchers())
        }
        if isOver { wake.resume() }
        for watcher in watchers { watcher.resume() }
      }
    } onCancel: {
      let sleeper = self.state.withLock { state -> Sleeper? in
        guard let index = state.sleepers.firstIndex(where: { $0.id == id }) else { return nil }
        return state.sleepers.remove(at: index)
      }
      sleeper?.wake.resume(throwing: CancellationError())
    }
  }

  /// Returns when at least `count` tasks sleep on this clock.
  func sleepers(_ count: Int) async {
    await withCheckedContinuation { wake in
      let isSatisfied = self.state.withLock { state -> Bool in
        if state.sleepers.count >= count { return true }
        state.watchers.append((count, wake))
        return false
      }
      if isSatisfied { wake.resume() }
    }
  }

  func advance(by duration: Duration) {
    let awake = self.state.withLock { state -> [Sleeper] in
      let now = state.now + duration
      state.now = now
      let awake = state.sleepers.filter { $0.deadline <= now }
      state.sleepers.removeAll { $0.deadline <= now }
      return awake
    }
    for sleeper in awake { sleeper.wake.resume() }
  }
}
