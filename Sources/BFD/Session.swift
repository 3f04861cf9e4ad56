import Primitives

/// One BFD session (RFC 5880 section 6), without sockets, clocks or logs.
///
///                         ┌──── Down ────┐ (says who heard nothing of us)
///                         ▼              │
///                 ┌──▶  down  ──── Init ─┼──────────────────┐
///                 │       │              │                  ▼
///     AdminDown,  │       │ Down         │ AdminDown,       up ◀─┐ Init, Up
///     silence     │       ▼              │ Down, silence    ▲ └──┘
///                 └── initializing       └── up             │
///                         └──────── Init, Up ───────────────┘
///
/// The words on the arrows are the states in which the other end says it is. `disabled` (AdminDown) is entered and left by
/// our own will alone. What is heard, and how, is in Session+Reception.swift; when to speak, in Session+Transmission.swift.
///
/// - Standards: RFC 5880 asynchronous mode and the Echo function; Demand mode is honoured when the other end asks for it,
///   and never asked for. What RFC 5881 and 5883 say of paths is in SessionTable.swift, RFC 5882 section 4.2 in Outage.swift.
/// - One departure: Echo packets detect failures only after the first one has come back. A path that never loops them would
///   otherwise take down a session that works.
package struct Session: StateMachine, Equatable {
  package enum Event: Sendable, Hashable, Timed {
    case tick
    /// A packet that was meant for this session, from as near as the settings demand.
    case received(ControlPacket)
    /// One of our Echo packets is back.
    case echoReturned(EchoPacket)
    /// The settings have changed; a session that is up stays up.
    case configured(Settings)
    /// BFD is no longer wanted on this path.
    case disabled
    /// BFD is wanted again.
    case enabled
  }

  package enum Action: Sendable, Hashable {
    case send(ControlPacket)
    case sendEcho(EchoPacket)
    case up
    /// Only after `up`.
    case down(Outage)
    /// The other end has had the time to hear that the session is disabled; it can be forgotten.
    case finished
  }

  enum State: Equatable {
    /// AdminDown; said until `finishedAt`, then kept to oneself.
    case disabled(finishedAt: ContinuousClock.Instant?)
    case down
    case initializing
    case up(since: ContinuousClock.Instant, Echo?)

    var isUp: Bool {
      if case .up = self { true } else { false }
    }
  }

  package let discriminator: Discriminator
  package internal(set) var settings: Settings
  package internal(set) var counters = Counters()
  var dice: SplitMix64
  let echoKey: UInt64
  var lastEchoSequence: UInt32 = 0
  var state = State.down
  /// Why the session is not up, or was not the last time.
  package internal(set) var diagnostic = Diagnostic.none
  /// The other end as it was heard last; nil when that is longer ago than the detection time.
  var remote: Remote?
  /// What the other end was last told of our intervals.
  var lastAnnounced: Intervals
  /// What timers reckon with; differs from what is said while a Poll Sequence tells the other end of a change.
  var inForce: Intervals
  var poll: Poll?
  var transmission: Transmission?
  /// When the other end was last told anything.
  var lastSentAt: ContinuousClock.Instant?

  package init(_ settings: Settings, discriminator: Discriminator, seed: UInt64, at now: ContinuousClock.Instant) {
    self.settings = settings
    self.discriminator = discriminator
    self.dice = SplitMix64(seed: seed)
    self.echoKey = self.dice.next()
    let intervals = Session.announced(settings, isUp: false, isEchoing: false)
    (self.inForce, self.lastAnnounced) = (intervals, intervals)
    self.reschedule(at: now)
  }

  package var nextDeadline: ContinuousClock.Instant? {
    var deadlines = [self.detectionDeadline, self.transmission?.next]
    switch self.state {
    case .disabled(let finishedAt): deadlines.append(finishedAt)
    case .up(_, let echo?): deadlines += [echo.next, echo.deadline(multiplier: self.settings.detectMultiplier)]
    case .down, .initializing, .up: break
    }
    return deadlines.compactMap { $0 }.min()
  }

  package mutating func handle(_ event: Event, at now: ContinuousClock.Instant) -> [Action] {
    let actions: [Action]
    switch event {
    case .tick:
      actions = self.tick(at: now)
    case .received(let packet):
      actions = self.received(packet, at: now)
    case .echoReturned(let packet):
      actions = self.echoReturned(packet, at: now)
    case .configured(let settings):
      self.settings = settings
      self.updateEcho(at: now)
      self.intervalsChanged()
      actions = []
    case .disabled:
      actions = self.disable(at: now)
    case .enabled:
      guard case .disabled = self.state else { return [] }
      actions = self.enter(.down, diagnostic: .none, at: now)
    }
    self.reschedule(at: now)
    return actions
  }

  private mutating func tick(at now: ContinuousClock.Instant) -> [Action] {
    var actions: [Action] = []
    if let deadline = self.detectionDeadline, deadline <= now {
      self.remote = nil
      switch self.state {
      case .initializing, .up: actions += self.fall(.detectionTimeExpired, at: now)
      case .down, .disabled: break
      }
    }
    if case .up(_, let echo?) = self.state,
      let deadline = echo.deadline(multiplier: self.settings.detectMultiplier), deadline <= now
    {
      actions += self.fall(.echoFailed, at: now)
    }
    if case .disabled(let finishedAt?) = self.state, finishedAt <= now {
      self.state = .disabled(finishedAt: nil)
      return actions + [.finished]
    }
    return actions + self.transmitDue(at: now)
  }

  private mutating func disable(at now: ContinuousClock.Instant) -> [Action] {
    if case .disabled = self.state { return [] }
    let wasUp = self.state.isUp
    // RFC 5880 section 6.8.16: the other end must be able to hear of it for one detection time.
    let finishedAt = now + Settings.slowInterval * Int(self.settings.detectMultiplier)
    let actions = self.enter(.disabled(finishedAt: finishedAt), diagnostic: Outage.disabled.diagnostic, at: now)
    guard wasUp else { return actions }
    self.counters.sessionDown += 1
    return actions + [.down(.disabled)]
  }

  /// Goes down, and tells the other end at once; `initializing` was never up, so that nobody else is told.
  mutating func fall(_ outage: Outage, at now: ContinuousClock.Instant) -> [Action] {
    let wasUp = self.state.isUp
    let actions = self.enter(.down, diagnostic: outage.diagnostic, at: now)
    guard wasUp else { return actions }
    self.counters.sessionDown += 1
    return actions + [.down(outage)]
  }

  /// Changes the state and says so at once, unless nobody is to be spoken to yet.
  mutating func enter(_ state: State, diagnostic: Diagnostic, at now: ContinuousClock.Instant) -> [Action] {
    self.state = state
    self.diagnostic = diagnostic
    self.updateEcho(at: now)
    (self.inForce, self.lastAnnounced) = (self.announced, self.announced)
    // Up means another pace, which the other end must confirm to know (RFC 5880 section 6.8.3).
    self.poll = state.isUp ? Poll() : nil
    return self.maySpeak ? [self.transmit(at: now)] : []
  }
}

extension Session {
  /// How often what happened, for metrics (contract section 15).
  package struct Counters: Sendable, Hashable {
    package var controlInput: UInt64 = 0
    package var controlOutput: UInt64 = 0
    package var echoInput: UInt64 = 0
    package var echoOutput: UInt64 = 0
    package var sessionUp: UInt64 = 0
    package var sessionDown: UInt64 = 0

    package init() {}
  }

  /// What an operator wants to see of a session.
  package struct Reading: Sendable, Hashable {
    package var state: SessionState
    package var diagnostic: Diagnostic
    package var upSince: ContinuousClock.Instant?
    package var remoteState: SessionState?
    package var remoteDiagnostic: Diagnostic?
    /// Between our packets, before jitter.
    package var transmitInterval: Duration?
    /// After how long a silence the session goes down.
    package var detectionTime: Duration?
    /// Whether Echo packets come back.
    package var isEchoing: Bool
    package var counters: Counters

    package init(
      state: SessionState, diagnostic: Diagnostic, upSince: ContinuousClock.Instant? = nil,
      remoteState: SessionState? = nil, remoteDiagnostic: Diagnostic? = nil, transmitInterval: Duration? = nil,
      detectionTime: Duration? = nil, isEchoing: Bool = false, counters: Counters = Counters()
    ) {
      self.state = state
      self.diagnostic = diagnostic
      self.upSince = upSince
      self.remoteState = remoteState
      self.remoteDiagnostic = remoteDiagnostic
      self.transmitInterval = transmitInterval
      self.detectionTime = detectionTime
      self.isEchoing = isEchoing
      self.counters = counters
    }
  }

  package var reading: Reading {
    var reading = Reading(
      state: self.sessionState, diagnostic: self.diagnostic, remoteState: self.remote?.state,
      remoteDiagnostic: self.remote?.diagnostic, transmitInterval: self.transmission?.interval,
      detectionTime: self.detectionTime, isEchoing: self.isEchoing, counters: self.counters)
    if case .up(let since, _) = self.state { reading.upSince = since }
    return reading
  }

  /// As packets and operators see the state.
  package var sessionState: SessionState {
    switch self.state {
    case .disabled: .adminDown
    case .down: .down
    case .initializing: .initializing
    case .up: .up
    }
  }
}
