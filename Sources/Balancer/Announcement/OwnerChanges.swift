import KubernetesModel

/// What this node is about to take from nodes that go on, and to leave to them, by Service
/// (Docs/decisions/0024-owners-that-stay.md).
struct OwnerChanges: Sendable, Equatable {
  /// A claim that this node has made, or is to make, on what another node owns.
  struct Bid: Sendable, Equatable {
    /// Nil = it is yet to be made.
    var term: Int?
    var until: ContinuousClock.Instant
  }

  /// How long an owner goes on without hearing the one that has claimed the Service.
  static let farewellTime = Duration.seconds(1)
  /// How long a claim may take to be written and seen, and how long to wait before the next one if it was not.
  static let bidTime = Duration.seconds(10)

  private(set) var bids: [ObjectKey: Bid] = [:]
  private struct Wait: Sendable, Equatable {
    var since: ContinuousClock.Instant
    var alarmAt: ContinuousClock.Instant?
  }

  /// Since when this node is the one that is to have a Service of another.
  private var waits: [ObjectKey: Wait] = [:]
  private var farewells: [ObjectKey: ContinuousClock.Instant] = [:]
  /// Claims under which nobody was found to answer: what this node sees of them is old.
  private var silences: [ObjectKey: OwnershipTable.Title] = [:]
  private var alarms = Alarms()

  /// When some of it is due; what it was that became due has to be looked up.
  var nextDeadline: ContinuousClock.Instant? { self.alarms.first }

  /// The Services of which something may be due.
  mutating func due(at now: ContinuousClock.Instant) -> Set<ObjectKey> {
    var due: Set<ObjectKey> = []
    while let key = self.alarms.next(at: now) {
      if self.bids[key] != nil || self.waits[key] != nil || self.farewells[key] != nil { due.insert(key) }
    }
    return due
  }

  // MARK: What is left to others

  /// Whether this node, which has lost a Service to a claim, still goes on; the time begins with the first question.
  mutating func isStaying(_ service: ObjectKey, at now: ContinuousClock.Instant) -> Bool {
    if let until = self.farewells[service] { return now < until }
    self.farewells[service] = now + Self.farewellTime
    self.alarms.set(now + Self.farewellTime, for: service)
    return true
  }

  mutating func endFarewell(_ service: ObjectKey) {
    self.farewells[service] = nil
  }

  /// Whether nobody was found to answer under a claim.
  func isSilent(_ service: ObjectKey, under title: OwnershipTable.Title) -> Bool { self.silences[service] == title }

  mutating func noteSilence(of service: ObjectKey, under title: OwnershipTable.Title) {
    self.silences[service] = title
  }

  /// What is known of a Service is newer than the silence.
  mutating func endSilence(of service: ObjectKey) {
    self.silences[service] = nil
  }

  // MARK: What is taken from others

  /// Whether this node has been the one to have a Service for long enough; the time begins with the first question.
  mutating func hasWaited(_ service: ObjectKey, for time: Duration, at now: ContinuousClock.Instant) -> Bool {
    var wait = self.waits[service] ?? Wait(since: now)
    let end = wait.since + time
    if end > now, wait.alarmAt != end {
      wait.alarmAt = end
      self.alarms.set(end, for: service)
    }
    self.waits[service] = wait
    return end <= now
  }

  mutating func endWait(_ service: ObjectKey) {
    self.waits[service] = nil
  }

  /// A Service is to be claimed.
  mutating func startBid(_ service: ObjectKey, at now: ContinuousClock.Instant) {
    guard self.bids[service] == nil else { return }
    self.bids[service] = Bid(term: nil, until: now + Self.bidTime)
    self.alarms.set(now + Self.bidTime, for: service)
  }

  mutating func bid(_ service: ObjectKey, term: Int) {
    self.bids[service]?.term = term
  }

  /// Returns whether anything has been claimed.
  mutating func endBid(_ service: ObjectKey) -> Bool {
    self.bids.removeValue(forKey: service)?.term != nil
  }

  /// A claim came to nothing: the next one comes later.
  mutating func postpone(_ service: ObjectKey, at now: ContinuousClock.Instant) {
    self.waits[service] = Wait(since: now + Self.bidTime)
    self.alarms.set(now + Self.bidTime, for: service)
  }
}
