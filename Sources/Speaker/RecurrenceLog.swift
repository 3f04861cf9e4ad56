import Primitives

/// Which refusals are told: each stranger once a minute for each reason, and of many strangers a few, with the number of the
/// others.
struct RefusalLog {
  static let interval = Duration.seconds(60)
  /// How many strangers are told of in an interval.
  static let limit = 10

  private struct Refusal: Hashable {
    var address: IPAddress
    var reason: String
  }

  private var told: Set<Refusal> = []
  private var silentCount = 0
  private var intervalEnd: ContinuousClock.Instant?

  /// Takes a refusal into account; returns how many were not told since the last that was, or nil: it is not told either.
  mutating func note(_ address: IPAddress, for reason: String, at now: ContinuousClock.Instant) -> Int? {
    if self.intervalEnd.map({ $0 <= now }) ?? true {
      self.intervalEnd = now + Self.interval
      self.told = []
    }
    guard self.told.count < Self.limit, self.told.insert(Refusal(address: address, reason: reason)).inserted else {
      self.silentCount += 1
      return nil
    }
    defer { self.silentCount = 0 }
    return self.silentCount
  }
}
