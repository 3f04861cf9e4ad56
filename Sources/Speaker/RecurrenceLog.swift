import Primitives

/// Which of the things that happen again and again are told: each kind once a minute, and of many kinds a few, with the
/// number of those that were not.
struct RecurrenceLog<Kind: Hashable> {
  static var interval: Duration { .seconds(60) }
  /// How many kinds are told of in an interval.
  static var limit: Int { 10 }

  private var told: Set<Kind> = []
  private var silentCount = 0
  private var intervalEnd: ContinuousClock.Instant?

  /// Takes one of a kind into account; returns how many were not told since the last that was, or nil: it is not told either.
  mutating func note(_ kind: Kind, at now: ContinuousClock.Instant) -> Int? {
    if self.intervalEnd.map({ $0 <= now }) ?? true {
      self.intervalEnd = now + Self.interval
      self.told = []
    }
    guard self.told.count < Self.limit, self.told.insert(kind).inserted else {
      self.silentCount += 1
      return nil
    }
    defer { self.silentCount = 0 }
    return self.silentCount
  }
}
