import Primitives

/// Which of several controllers acts: the one that holds a Lease (the rules of client-go's leader election).
///
///     standby ──the lease is free, released, not renewed for its duration, or its holder is gone──▶ leading
///        ▲                                                                                            │
///        └─────────── not renewed for the renew deadline, or another process holds the lease ─────────┘
///     standby ──leases are not permitted──▶ alone (leads, and looks from time to time whether they are)
///
/// An API server that starts refuses everybody everything until it has read its roles. So a refusal counts when it has
/// lasted, and for longer where there was a lease: its holder may act still.
///
/// No clock of another machine is believed: a lease runs from the moment in which this process saw it change. A leader
/// stops acting `renewDeadline` after it *sent* its last successful renewal. Others take over no earlier than
/// `leaseDuration` after they saw that renewal, or than `renewDeadline` where the leader's pod does not exist any more, so
/// that two never act at a time as long as their clocks run equally fast. One request is under way at a time.
package struct LeaderElection: StateMachine, Equatable {
  package enum Event: Timed, Equatable {
    case tick
    /// The read or write that was asked for ended; exactly one for each `read` and `write`.
    case answered(LeaseAnswer)
    /// The pod of the holder was looked for; exactly one for each `lookForHolder`.
    case holderLookedFor(String, isGone: Bool)
    /// The process ends, and acts no more.
    case stop
  }

  package enum Action: Sendable, Equatable {
    case read
    case write(LeaseClaim)
    /// Is there still a pod of this name?
    case lookForHolder(String)
    /// This process acts until then at most; nil = without an end.
    case lead(until: ContinuousClock.Instant?)
    /// This process acts no more.
    case stepDown(Reason)
    /// Leases are refused to this process for the first time, or again: it asks again.
    case refused(reason: String)
    /// This process acts although it holds no lease, as it cannot have one.
    case goWithoutLease(reason: String)
    /// After `stop`: nothing more will come.
    case finish
  }

  package enum Reason: Sendable, Hashable, CustomStringConvertible {
    case notRenewed
    case heldBy(String)

    package var description: String {
      switch self {
      case .notRenewed: "the lease could not be renewed in time"
      case .heldBy(let holder): "\(holder) holds the lease"
      }
    }
  }

  package struct Settings: Sendable, Hashable {
    /// The name by which this process holds the lease: its pod's, if it has one.
    package var identity: String
    /// Whether identities are names of pods, so that a holder can be looked for.
    package var holdersArePods: Bool
    package var leaseDuration: Duration
    package var renewDeadline: Duration
    package var retryPeriod: Duration
    /// For how long leases must have been refused to a process that never saw one, before it goes without.
    package var denialGrace: Duration
    /// The same for a process that saw one; and how often one that goes without looks whether it may use leases, at least.
    package var denialPeriod: Duration
    package var seed: UInt64

    package init(
      identity: String, holdersArePods: Bool, leaseDuration: Duration = .seconds(7),
      renewDeadline: Duration = .seconds(5), retryPeriod: Duration = .milliseconds(500),
      denialGrace: Duration = .seconds(2), denialPeriod: Duration = .seconds(60), seed: UInt64
    ) {
      precondition(retryPeriod < renewDeadline && renewDeadline < leaseDuration, "times of an election must grow")
      self.identity = identity
      self.holdersArePods = holdersArePods
      self.leaseDuration = leaseDuration
      self.renewDeadline = renewDeadline
      self.retryPeriod = retryPeriod
      self.denialGrace = denialGrace
      self.denialPeriod = denialPeriod
      self.seed = seed
    }
  }

  /// A lease, and since when this process has seen it in this form.
  private struct Sighting: Sendable, Equatable {
    var reading: LeaseReading
    var since: ContinuousClock.Instant
    /// When it was looked at last; nil = just now, for the first time.
    var lookedAt: ContinuousClock.Instant?
    /// Its holder's pod does not exist.
    var holderIsGone = false
  }

  private enum State: Sendable, Equatable {
    case standby(Sighting?)
    case leading(LeaseReading, renewed: ContinuousClock.Instant)
    case alone
    case releasing
    case finished
  }

  /// What is under way, and since when.
  private enum Errand: Sendable, Equatable {
    case reading
    case writing(LeaseClaim, sent: ContinuousClock.Instant)
    case looking
  }

  private struct Denial: Sendable, Equatable {
    var isOfWriting: Bool
    var since: ContinuousClock.Instant
    var seenAt: ContinuousClock.Instant
  }

  private let settings: Settings
  private var state = State.standby(nil)
  private var errand: Errand?
  private var nextAttempt: ContinuousClock.Instant?
  private var isStopping = false
  /// Since when reading or writing leases has been refused without a break, as far as it was tried.
  private var denial: Denial?
  /// Whether there has ever been a lease, as far as this process knows.
  private var sawLease = false
  private var dice: SplitMix64

  package init(settings: Settings) {
    self.settings = settings
    self.dice = SplitMix64(seed: settings.seed)
  }

  package var nextDeadline: ContinuousClock.Instant? {
    let attempt = self.errand == nil ? self.nextAttempt : nil
    guard case .leading(_, let renewed) = self.state else { return attempt }
    return [attempt, renewed + self.settings.renewDeadline].compactMap { $0 }.min()
  }

  package mutating func handle(_ event: Event, at now: ContinuousClock.Instant) -> [Action] {
    var actions: [Action] = []
    switch event {
    case .tick:
      break
    case .answered(let answer):
      let errand = self.errand
      self.errand = nil
      self.nextAttempt = now + self.dice.jittered(self.settings.retryPeriod, by: 0.2)
      if case .writing(let claim, let sent) = errand {
        actions += self.note(answer, isOfWriting: true, at: now)
        actions += self.written(claim, sent: sent, answer, at: now)
      } else {
        actions += self.note(answer, isOfWriting: false, at: now)
        actions += self.read(answer, at: now)
      }
    case .holderLookedFor(let holder, let isGone):
      self.errand = nil
      self.nextAttempt = now + self.dice.jittered(self.settings.retryPeriod, by: 0.2)
      if isGone, case .standby(var sighting?) = self.state, sighting.reading.holder == holder {
        sighting.holderIsGone = true
        self.state = .standby(sighting)
        self.nextAttempt = now
      }
    case .stop:
      self.isStopping = true
    }
    actions += self.stepDownIfLate(at: now)
    return actions + self.goOn(at: now)
  }

  // MARK: Answers

  private mutating func read(_ answer: LeaseAnswer, at now: ContinuousClock.Instant) -> [Action] {
    switch answer {
    case .lease(let reading): return self.saw(reading, at: now)
    case .absent: return self.mayActStill(at: now) ? [] : self.claim(replacing: nil, at: now)
    case .denied(let reason): return self.denied(reason, at: now)
    case .conflict, .failed: return []
    }
  }

  /// Takes note of the lease, and claims it if that is this process's right.
  private mutating func saw(_ reading: LeaseReading, at now: ContinuousClock.Instant) -> [Action] {
    if reading.holder == self.settings.identity || reading.holder.isEmpty {
      return self.claim(replacing: reading, at: now)
    }
    var actions: [Action] = []
    var sighting = Sighting(reading: reading, since: now)
    switch self.state {
    case .standby(let old?) where old.reading.version == reading.version: sighting = old
    case .standby, .releasing, .finished: break
    case .leading, .alone: actions.append(.stepDown(.heldBy(reading.holder)))
    }
    self.state = .standby(sighting)
    let age = sighting.since.duration(to: now)
    if age >= reading.duration || sighting.holderIsGone {
      return actions + self.claim(replacing: reading, at: now)
    }
    // By then it acts no more, if it is the same program: whether its pod is gone tells whether it will again.
    if self.settings.holdersArePods, age >= self.settings.renewDeadline, !self.isStopping {
      self.errand = .looking
      actions.append(.lookForHolder(reading.holder))
    } else {
      let turn = self.settings.holdersArePods ? self.settings.renewDeadline : reading.duration
      self.nextAttempt = min(self.nextAttempt ?? now, sighting.since + turn)
    }
    return actions
  }

  /// Whether another process may act still, on a lease that somebody has deleted under it: such a lease runs from the
  /// moment in which its absence was seen, whoever held it when it was seen last, and as long as it is looked at often
  /// enough for its holder to have no time to make it anew in between.
  private mutating func mayActStill(at now: ContinuousClock.Instant) -> Bool {
    guard case .standby(var sighting?) = self.state, !sighting.holderIsGone else { return false }
    let isWatched = sighting.lookedAt.map { $0.duration(to: now) < self.settings.renewDeadline } ?? false
    if !sighting.reading.version.isEmpty || !isWatched { sighting.since = now }
    sighting.reading.version = ""
    sighting.lookedAt = now
    self.state = .standby(sighting)
    return now < sighting.since + sighting.reading.duration
  }

  private mutating func written(
    _ claim: LeaseClaim, sent: ContinuousClock.Instant, _ answer: LeaseAnswer, at now: ContinuousClock.Instant
  ) -> [Action] {
    if claim.purpose == .release { return self.finish() }
    switch answer {
    case .lease(let reading):
      self.state = .leading(reading, renewed: sent)
      return [.lead(until: sent + self.settings.renewDeadline)]
    case .conflict, .absent:
      // Somebody else was faster, or the lease was deleted: what it says now decides.
      self.nextAttempt = now
      return self.isStopping ? [] : self.startReading()
    case .denied(let reason):
      return self.denied(reason, at: now)
    case .failed:
      return []
    }
  }

  /// Leases are not to be had. If that lasts, there is one controller, as far as this process can know; it looks again soon
  /// and then ever less often.
  private mutating func denied(_ reason: String, at now: ContinuousClock.Instant) -> [Action] {
    let age = self.denial.map { $0.since.duration(to: now) } ?? .zero
    if self.state != .alone {
      let patience = self.sawLease ? self.settings.denialPeriod : self.settings.denialGrace
      guard !self.isStopping, age >= patience else { return [] }
    }
    self.nextAttempt = now + max(self.settings.retryPeriod, min(age, self.settings.denialPeriod))
    guard self.state != .alone else { return [] }
    self.state = .alone
    return [.goWithoutLease(reason: reason), .lead(until: nil)]
  }

  /// Notes since when leases are refused. That they can be read says nothing about whether they can be written.
  private mutating func note(
    _ answer: LeaseAnswer, isOfWriting: Bool, at now: ContinuousClock.Instant
  ) -> [Action] {
    if case .lease = answer { self.sawLease = true }
    guard case .denied(let reason) = answer else {
      if self.denial?.isOfWriting == isOfWriting { self.denial = nil }
      return []
    }
    // One of long ago, and nothing tried since, is another story.
    if var denial = self.denial,
      self.state == .alone || denial.seenAt.duration(to: now) < self.settings.leaseDuration
    {
      denial.seenAt = now
      self.denial = denial
      return []
    }
    self.denial = Denial(isOfWriting: isOfWriting, since: now, seenAt: now)
    return self.state == .alone ? [] : [.refused(reason: reason)]
  }

  private mutating func stepDownIfLate(at now: ContinuousClock.Instant) -> [Action] {
    guard case .leading(let reading, let renewed) = self.state, now >= renewed + self.settings.renewDeadline else {
      return []
    }
    self.state = .standby(Sighting(reading: reading, since: renewed))
    return [.stepDown(.notRenewed)]
  }

  // MARK: Requests

  /// Begins what is due, if nothing is under way.
  private mutating func goOn(at now: ContinuousClock.Instant) -> [Action] {
    guard self.errand == nil else { return [] }
    if self.isStopping { return self.release(at: now) }
    guard (self.nextAttempt ?? now) <= now else { return [] }
    if case .leading(let reading, _) = self.state { return self.claim(replacing: reading, at: now) }
    return self.startReading()
  }

  private mutating func startReading() -> [Action] {
    self.errand = .reading
    return [.read]
  }

  private mutating func claim(replacing old: LeaseReading?, at now: ContinuousClock.Instant) -> [Action] {
    guard !self.isStopping else { return [] }
    var isRenewal = false
    if case .leading = self.state { isRenewal = old?.holder == self.settings.identity }
    let isTransition = old.map { $0.holder != self.settings.identity } ?? false
    let claim = LeaseClaim(
      purpose: isRenewal ? .renew : .acquire, holder: self.settings.identity, duration: self.settings.leaseDuration,
      transitions: (old?.transitions ?? 0) + (isTransition ? 1 : 0), replacing: old?.version)
    self.errand = .writing(claim, sent: now)
    return [.write(claim)]
  }

  /// Gives the lease up, so that another process need not wait for its end.
  private mutating func release(at now: ContinuousClock.Instant) -> [Action] {
    guard case .leading(let reading, _) = self.state else { return self.finish() }
    self.state = .releasing
    let claim = LeaseClaim(
      purpose: .release, holder: "", duration: .seconds(1), transitions: reading.transitions,
      replacing: reading.version)
    self.errand = .writing(claim, sent: now)
    return [.write(claim)]
  }

  private mutating func finish() -> [Action] {
    guard self.state != .finished else { return [] }
    self.state = .finished
    self.nextAttempt = nil
    return [.finish]
  }
}
