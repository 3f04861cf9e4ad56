/// The time that a suspect node has to refute (Lifeguard's local health aware suspicion).
///
/// It starts long, in case it is us who hear badly, and each other node that suspects the same shortens it, down to
/// `shortest` when `needed` have.
struct Suspicion: Sendable, Hashable {
  private let needed: Int
  private let shortest: Duration
  private let longest: Duration
  private let startedAt: ContinuousClock.Instant
  private var accusers: Set<String>
  private(set) var deadline: ContinuousClock.Instant

  /// How many have confirmed the first accusation.
  private var confirmations: Int { self.accusers.count - 1 }

  init(
    from accuser: String, confirmationsNeeded needed: Int, shortest: Duration, longest: Duration,
    at now: ContinuousClock.Instant
  ) {
    self.needed = needed
    self.shortest = shortest
    self.longest = longest
    self.startedAt = now
    self.accusers = [accuser]
    self.deadline = now + (needed < 1 ? shortest : longest)
  }

  /// Takes the accusation of another node; false if it is none, or enough have accused already.
  mutating func confirm(from accuser: String) -> Bool {
    guard self.confirmations < self.needed, self.accusers.insert(accuser).inserted else { return false }
    let fraction =
      Logarithm.natural(Double(self.confirmations + 1)) / Logarithm.natural(Double(self.needed + 1))
    let timeout = self.longest - (self.longest - self.shortest) * fraction
    self.deadline = self.startedAt + max(self.shortest, timeout)
    return true
  }
}
