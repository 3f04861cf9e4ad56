import Primitives

/// Which failures to send are told: each kind once a minute, with the number of those in between.
struct SendFailures {
  static let interval = Duration.seconds(60)

  private struct Kind {
    var toldAt: ContinuousClock.Instant
    var silentCount = 0
  }

  /// By the number of the error, of which there are few.
  private var kinds: [Int32: Kind] = [:]

  /// Takes a failure into account; returns how many like it were not told since the last that was, or nil: it is not told
  /// either.
  mutating func note(_ code: Int32, at now: ContinuousClock.Instant) -> Int? {
    if let kind = self.kinds[code], now < kind.toldAt + Self.interval {
      self.kinds[code]?.silentCount += 1
      return nil
    }
    defer { self.kinds[code] = Kind(toldAt: now) }
    return self.kinds[code]?.silentCount ?? 0
  }
}
