import Runner
import Synchronization

/// Whether this process may act at the moment: what the election says, for everyone who writes.
///
/// It is asked before each write, by the clock: a process that was stopped in between finds out by itself that its time
/// is over, before anybody tells it.
package final class Leadership: Sendable {
  private enum State {
    case standby
    /// Acts until then at most; nil = without an end.
    case leading(until: ContinuousClock.Instant?)
  }

  private let state = Mutex(State.standby)

  package init() {}

  package func mayAct(at now: ContinuousClock.Instant = Time.now) -> Bool {
    switch self.state.withLock({ $0 }) {
    case .standby: false
    case .leading(let end): end.map { now < $0 } ?? true
    }
  }

  /// Does the work unless the leadership ends before it is done, which cancels it; nil = it did not begin, or was
  /// cancelled and may or may not have had an effect.
  func whileActing<Value: Sendable>(_ work: @escaping @Sendable () async -> Value) async -> Value? {
    guard self.mayAct() else { return nil }
    guard self.end != nil else { return await work() }
    return await withTaskGroup(of: Value?.self) { group in
      group.addTask { await work() }
      group.addTask {
        while !Task.isCancelled, let end = self.end, Time.now < end {
          try? await ContinuousClock().sleep(until: end, tolerance: .zero)
        }
        return nil
      }
      defer { group.cancelAll() }
      return await group.next() ?? nil
    }
  }

  /// When the leadership ends unless it is renewed; nil = never, or it is over.
  private var end: ContinuousClock.Instant? {
    if case .leading(let end) = self.state.withLock({ $0 }) { end } else { nil }
  }

  /// True if this is news.
  func lead(until end: ContinuousClock.Instant?) -> Bool {
    self.state.withLock { state in
      defer { state = .leading(until: end) }
      if case .standby = state { return true }
      return false
    }
  }

  func stepDown() {
    self.state.withLock { $0 = .standby }
  }
}
