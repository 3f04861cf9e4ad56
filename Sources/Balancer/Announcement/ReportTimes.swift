import KubernetesModel

/// The times between what `NodeReports` may do: how long it leaves whoever else reports on a subject alone, and how far apart
/// its claims and its writes are.
///
/// Where a time has to pass first, the subject comes up again in `next(at:)` when it has.
struct ReportTimes: Sendable, Equatable {
  /// How far apart two claims on one subject are at least.
  static var claimInterval: Duration { .seconds(2) }
  /// How long claims of others with lower terms are left.
  static var graceTime: Duration { .seconds(5) }
  /// How long two nodes may want one report, as one hands over to the other.
  static var handOverTime: Duration { .seconds(2) }

  /// When a claim was made last.
  private var claimedAt: [ObjectKey: ContinuousClock.Instant] = [:]
  /// When reports of others came to subjects that this node reports on, by their own keys.
  private var newcomers: [ObjectKey: ContinuousClock.Instant] = [:]
  /// When the report on a subject was taken away that this node still wants.
  private var ousted: [ObjectKey: ContinuousClock.Instant] = [:]
  /// When a status was written last, where writes must be apart.
  private var writtenAt: [ObjectKey: ContinuousClock.Instant] = [:]
  private var alarms = Alarms<ObjectKey>()

  /// When a time has passed next.
  var nextDeadline: ContinuousClock.Instant? { self.alarms.first }

  /// A subject for which a time has passed.
  mutating func next(at now: ContinuousClock.Instant) -> ObjectKey? { self.alarms.next(at: now) }

  /// This node wants no report on the subject any more: who took its own away has not to be waited for.
  mutating func unwanted(_ subject: ObjectKey) { self.ousted[subject] = nil }

  /// Nothing that was true of a subject matters any more.
  mutating func forget(_ subject: ObjectKey) { (self.claimedAt[subject], self.ousted[subject]) = (nil, nil) }

  // MARK: Claims

  /// A claim was made, or one that failed is to be made a moment later.
  mutating func claimed(_ subject: ObjectKey, at now: ContinuousClock.Instant) {
    self.claimedAt[subject] = now
    for time in [Self.claimInterval, Self.graceTime] { self.alarms.set(now + time, for: subject) }
  }

  func mayClaim(_ subject: ObjectKey, at now: ContinuousClock.Instant) -> Bool {
    Self.hasPassed(Self.claimInterval, since: self.claimedAt[subject], at: now)
  }

  /// Whether claims of others that lost against this node's may go: they have had time to see it.
  func mayClear(_ subject: ObjectKey, at now: ContinuousClock.Instant) -> Bool {
    Self.hasPassed(Self.graceTime, since: self.claimedAt[subject], at: now)
  }

  // MARK: Handing over

  /// Another node's report has come to a subject that this node reports on.
  mutating func came(_ report: ObjectKey, to subject: ObjectKey, at now: ContinuousClock.Instant) {
    self.newcomers[report] = now
    self.alarms.set(now + Self.handOverTime, for: subject)
  }

  /// A report is gone.
  mutating func went(_ report: ObjectKey) { self.newcomers[report] = nil }

  /// Whether a report of another node has been there long enough to be one too many.
  func mayOust(_ report: ObjectKey, at now: ContinuousClock.Instant) -> Bool {
    Self.hasPassed(Self.handOverTime, since: self.newcomers[report], at: now)
  }

  /// The report of this node on a subject was taken away.
  mutating func wasOusted(_ subject: ObjectKey, at now: ContinuousClock.Instant) {
    self.ousted[subject] = now
    self.alarms.set(now + Self.handOverTime, for: subject)
  }

  func mayReturn(_ subject: ObjectKey, at now: ContinuousClock.Instant) -> Bool {
    Self.hasPassed(Self.handOverTime, since: self.ousted[subject], at: now)
  }

  // MARK: Writes

  mutating func wrote(_ subject: ObjectKey, at now: ContinuousClock.Instant) { self.writtenAt[subject] = now }

  /// There is no status of the subject any more that the next one had to be apart from.
  mutating func erased(_ subject: ObjectKey) { self.writtenAt[subject] = nil }

  /// How long the next write has to wait, if two are so far apart; nil = not at all.
  func rest(of subject: ObjectKey, _ interval: Duration, at now: ContinuousClock.Instant) -> Duration? {
    guard let last = self.writtenAt[subject], now < last + interval else { return nil }
    return last + interval - now
  }

  private static func hasPassed(
    _ time: Duration, since start: ContinuousClock.Instant?, at now: ContinuousClock.Instant
  ) -> Bool {
    start.map { $0 + time <= now } ?? true
  }
}
