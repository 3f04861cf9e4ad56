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
    self.tokens = self.level(at: now)
    self.filledAt = now
    guard self.tokens >= 1 else { return false }
    self.tokens -= 1
    return true
  }
  /// Whether it is as it was when it was new.
  package func isFull(at now: ContinuousClock.Instant) -> Bool { self.level(at: now) >= self.burst }

  private func level(at now: ContinuousClock.Instant) -> Double {
    min(self.burst, self.tokens + max(0, self.filledAt.duration(to: now) / self.interval))
  }
}
