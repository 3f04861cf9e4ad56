import Primitives

/// How long to wait before trying again: doubling from `base` to `limit`, spread by half, back to the start on success.
package struct Backoff: Sendable, Hashable {
  private let base: Duration
  private let limit: Duration
  private var failures = 0
  private var dice: SplitMix64

  package init(base: Duration = .milliseconds(250), limit: Duration = .seconds(30), seed: UInt64) {
    self.base = base
    self.limit = limit
    self.dice = SplitMix64(seed: seed)
  }

  /// Counts one more failure and returns the wait that it costs.
  package mutating func next() -> Duration {
    let doubled = self.base * (1 << min(self.failures, 16))
    self.failures += 1
    return self.dice.jittered(min(doubled, self.limit), by: 0.5)
  }

  package mutating func reset() {
    self.failures = 0
  }
}
