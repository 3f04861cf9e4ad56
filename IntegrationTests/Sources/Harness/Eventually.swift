/// Sleeping that never throws: clean-up goes on in a cancelled task.
enum Pause {
  static func milliseconds(_ count: Int) async {
    _ = await Task.detached { try? await Task.sleep(for: .milliseconds(count)) }.value
  }
}

/// Polls until `probe` returns a value that satisfies `isRight`, and returns it.
///
/// A probe that throws counts as "not yet": while a cluster starts, a refused connection is an answer like another. The limit
/// is that of an ordinary machine; the last look begins when it is over, however long looks take.
@discardableResult
package func eventually<Value: Sendable>(
  _ what: String, within limit: Duration = .seconds(20), every interval: Duration = .milliseconds(100),
  probe: () async throws -> Value, isRight: (Value) -> Bool
) async throws -> Value {
  let deadline = ContinuousClock.now + Patience.limit(limit)
  while true {
    let begun = ContinuousClock.now
    let last: String
    do {
      let value = try await probe()
      if isRight(value) { return value }
      last = "\(value)"
    } catch {
      last = "\(error)"
    }
    try Task.checkCancellation()
    guard begun < deadline else {
      throw HarnessError.neverCame(what, limit, last: String(last.suffix(1500)))
    }
    try await Task.sleep(for: interval)
  }
}

/// Polls until `probe` returns exactly `expected`.
package func eventually<Value: Sendable & Equatable>(
  _ what: String, equals expected: Value, within limit: Duration = .seconds(20), probe: () async throws -> Value
) async throws {
  try await eventually(what, within: limit, probe: probe) { $0 == expected }
}

/// Polls for a time and fails as soon as `probe` returns anything else: for what must not happen.
package func stays<Value: Sendable & Equatable>(
  _ what: String, equals expected: Value, during period: Duration, probe: () async throws -> Value
) async throws {
  let deadline = ContinuousClock.now + period
  repeat {
    let value = try await probe()
    guard value == expected else { throw HarnessError.notReady("\(what): expected \(expected), saw \(value)") }
    try await Task.sleep(for: .milliseconds(100))
  } while ContinuousClock.now < deadline
}
