import Glibc
import Primitives

/// The clocks of the process, in the one place that reads them.
///
/// Decisions take the instant as a parameter; a shell that has no run loop of its own (a request, a watch) asks here.
package enum Time {
  /// The monotonic time, for deadlines and durations.
  package static var now: ContinuousClock.Instant { ContinuousClock.now }

  /// The wall-clock time in microseconds since 1970, for what is shown to people: logs, Events, Leases.
  package static var wallMicroseconds: Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
  }
}

/// What `withTimeout` throws when the time is over.
package struct TimeoutError: Error, CustomStringConvertible {
  package let limit: Duration

  package var description: String { "no answer within \(self.limit)" }
}

/// Runs `work`, but cancels it and throws `TimeoutError` when it takes longer than `limit`.
///
/// The work must heed cancellation: the call returns when the work has.
package func withTimeout<Value: Sendable>(
  _ limit: Duration, _ work: @escaping @Sendable () async throws -> Value
) async throws -> Value {
  try await withThrowingTaskGroup(of: Value.self) { group in
    group.addTask { try await work() }
    group.addTask {
      try await ContinuousClock().sleep(for: limit)
      throw TimeoutError(limit: limit)
    }
    defer { group.cancelAll() }
    guard let value = try await group.next() else { throw CancellationError() }
    return value
  }
}
