/// A budget that refills with time: `burst` at once, then one per `interval`.
package struct TokenBucket: Equatable {
  private let burst: Double
  private let interval: Duration
  private var tokens: Double
  private var filledAt: ContinuousClock.Instant

  package init(burst: Int, interval: Duration, at now: ContinuousClock.Instant) {
    self.burst = Double(burst)
    self.interval = interval
    self.tokens = Double(burst)
    self.filledAt = now
  }

  /// Takes one token if there is one.
  package mutating func take(at now: ContinuousClock.Instant) -> Bool {
    let refill = self.filledAt.duration(to: now) / self.interval
    self.tokens = min(self.burst, self.tokens + max(0, refill))
    self.filledAt = now
    guard self.tokens >= 1 else { return false }
    self.tokens -= 1
    return true
  }
}
