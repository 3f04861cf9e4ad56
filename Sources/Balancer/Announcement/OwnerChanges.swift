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

  /// How long an owner goes on without hearing the one that is to have the Service.
  static let farewellTime = Duration.seconds(1)
  /// How long a claim of a node that is gone may be news of its life: the gossip finds it in that time.
  static let doubtTime = Duration.seconds(2)
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
  /// What nodes have claimed that are not known to live, and until when that is left as it is.
  private var doubts: [ObjectKey: ContinuousClock.Instant] = [:]
  /// What this node has taken over from nodes that had claimed it and were gone, by the node.
  private var inherited: [String: Set<ObjectKey>] = [:]
  /// What was left to others, nobody of whom was found to answer: it is this node's, until anything newer is known of it.
  private var adopted: Set<ObjectKey> = []
  private var alarms = Alarms<ObjectKey>()

  /// When some of it is due; what it was that became due has to be looked up.
  var nextDeadline: ContinuousClock.Instant? { self.alarms.first }

  /// The Services of which something may be due.
  mutating func due(at now: ContinuousClock.Instant) -> Set<ObjectKey> {
    var due: Set<ObjectKey> = []
    while let key = self.alarms.next(at: now) {
      if let end = self.doubts[key], end <= now {
        self.doubts[key] = nil
        due.insert(key)
      }
      if self.bids[key] != nil || self.waits[key] != nil || self.farewells[key] != nil { due.insert(key) }
    }
    return due
  }

  // MARK: What is left to others

  /// Whether this node has begun to go on with a Service that it has lost.
  func hasFarewell(_ service: ObjectKey) -> Bool { self.farewells[service] != nil }

  /// Whether this node, which has lost a Service, still goes on; the time begins with the first question.
  mutating func isStaying(_ service: ObjectKey, at now: ContinuousClock.Instant) -> Bool {
    if let until = self.farewells[service] { return now < until }
    self.farewells[service] = now + Self.farewellTime
    self.alarms.set(now + Self.farewellTime, for: service)
    return true
  }

  mutating func endFarewell(_ service: ObjectKey) {
    self.farewells[service] = nil
  }

  /// Whether this node has a Service because nobody else was found to answer for it.
  func isAdopted(_ service: ObjectKey) -> Bool { self.adopted.contains(service) }

  mutating func adopt(_ service: ObjectKey) {
    self.adopted.insert(service)
  }

  mutating func endAdoption(of service: ObjectKey) {
    self.adopted.remove(service)
  }

  // MARK: What is taken from others

  /// A node that is not known to live has claimed a Service.
  mutating func doubt(_ service: ObjectKey, at now: ContinuousClock.Instant) {
    self.doubts[service] = now + Self.doubtTime
    self.alarms.set(now + Self.doubtTime, for: service)
  }

  /// Whether the node that has claimed a Service and is not known to live may do so all the same.
  func isDoubtful(_ service: ObjectKey, at now: ContinuousClock.Instant) -> Bool {
    self.doubts[service].map { now < $0 } ?? false
  }

  mutating func inherit(_ service: ObjectKey, from node: String) {
    self.inherited[node, default: []].insert(service)
  }

  /// The Service is no more, or nobody claims it any more.
  mutating func disinherit(_ service: ObjectKey) {
    for node in self.inherited.keys where self.inherited[node]?.remove(service) != nil {
      if self.inherited[node]?.isEmpty == true { self.inherited[node] = nil }
    }
  }

  /// What was taken over from a node that is back, and may not know that yet.
  mutating func takeInherited(from node: String) -> Set<ObjectKey> { self.inherited.removeValue(forKey: node) ?? [] }

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
