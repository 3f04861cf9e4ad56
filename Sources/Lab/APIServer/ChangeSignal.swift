import NIOConcurrencyHelpers

/// Wakes whoever waits for a change of a collection.
///
/// The objects themselves are read from the store's history by each watch at its own pace, so nothing is queued here.
final class ChangeSignal: Sendable {
  private struct State {
    var latest: [ResourceCollection: UInt64] = [:]
    var waiting: [ResourceCollection: [Int: CheckedContinuation<Void, Never>]] = [:]
    var cancelled: Set<Int> = []
    var next = 0
  }

  private let state = NIOLockedValueBox(State())

  func raise(_ collection: ResourceCollection, _ revision: UInt64) {
    let woken = self.state.withLockedValue { state in
      state.latest[collection] = revision
      return state.waiting.removeValue(forKey: collection)
    }
    for continuation in (woken ?? [:]).values { continuation.resume() }
  }

  /// Wakes everybody, though nothing has changed: faults are about to be looked at.
  func raiseAll() {
    let woken = self.state.withLockedValue { state in
      defer { state.waiting = [:] }
      return state.waiting.values.flatMap { $0.values }
    }
    for continuation in woken { continuation.resume() }
  }

  /// Returns when the collection has changed after that revision, or when the task is cancelled.
  func wait(for collection: ResourceCollection, after revision: UInt64) async {
    let id = self.state.withLockedValue { state in
      state.next += 1
      return state.next
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isDone = self.state.withLockedValue { state in
          if state.cancelled.remove(id) != nil || state.latest[collection, default: 0] > revision { return true }
          state.waiting[collection, default: [:]][id] = continuation
          return false
        }
        if isDone { continuation.resume() }
      }
    } onCancel: {
      let continuation = self.state.withLockedValue { state in
        let continuation = state.waiting[collection]?.removeValue(forKey: id)
        if continuation == nil { state.cancelled.insert(id) }
        return continuation
      }
      continuation?.resume()
    }
    self.state.withLockedValue { _ = $0.cancelled.remove(id) }
  }
}
