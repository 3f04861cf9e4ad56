extension Session {
  /// The two intervals that each end tells the other.
  struct Intervals: Equatable {
    var transmit: Duration
    var receive: Duration
  }

  /// A Poll Sequence: packets ask (P) until one is answered (F), so that we know that the other end knows our intervals
  /// (RFC 5880 section 6.5).
  struct Poll: Equatable {
    /// The intervals have changed once more, and the answer may be to what was said before.
    var asksAgain = false
  }

  struct Transmission: Equatable {
    /// Between packets, before jitter.
    var interval: Duration
    var next: ContinuousClock.Instant
  }

  /// What our packets say: slow until the session is up (RFC 5880 section 6.8.3), and slow to hear while Echo packets do
  /// the detecting (section 6.8.9).
  var announced: Intervals {
    Session.announced(self.settings, isUp: self.state.isUp, isEchoing: self.isEchoing)
  }

  static func announced(_ settings: Settings, isUp: Bool, isEchoing: Bool) -> Intervals {
    Intervals(
      transmit: isUp ? settings.transmitInterval : max(settings.transmitInterval, Settings.slowInterval),
      receive: isEchoing ? max(settings.receiveInterval, Settings.slowInterval) : settings.receiveInterval)
  }

  /// Whether anything may be said at all: who is passive waits to be spoken to.
  var maySpeak: Bool { !self.settings.isPassive || self.remote != nil }

  /// What is said now.
  var packet: ControlPacket {
    let announced = self.announced
    return ControlPacket(
      diagnostic: self.diagnostic, state: self.sessionState, isPoll: self.poll != nil,
      detectMultiplier: self.settings.detectMultiplier, mine: self.discriminator, yours: self.remote?.discriminator,
      desiredMinTransmit: announced.transmit, requiredMinReceive: announced.receive,
      requiredMinEchoReceive: self.announcedEchoInterval)
  }

  /// Says what there is to say, and plans the next time.
  mutating func transmit(at now: ContinuousClock.Instant) -> Action {
    self.lastSentAt = now
    self.transmission = nil
    self.reschedule(at: now)
    self.counters.controlOutput += 1
    return .send(self.packet)
  }

  mutating func transmitDue(at now: ContinuousClock.Instant) -> [Action] {
    var actions: [Action] = []
    // What was done before in this tick may have planned anew.
    self.reschedule(at: now)
    if let transmission = self.transmission, transmission.next <= now { actions.append(self.transmit(at: now)) }
    return actions + self.echoDue(at: now)
  }

  /// Plans the next periodic packet anew when its interval has changed; otherwise the plan stands.
  mutating func reschedule(at now: ContinuousClock.Instant) {
    guard let interval = self.transmitInterval else {
      self.transmission = nil
      return
    }
    guard self.transmission?.interval != interval else { return }
    let next = self.lastSentAt.map { max($0 + self.jittered(interval), now) }
    self.transmission = Transmission(interval: interval, next: next ?? now)
  }

  /// Between periodic packets; nil = there are none (RFC 5880 section 6.8.7).
  private var transmitInterval: Duration? {
    if case .disabled(finishedAt: nil) = self.state { return nil }
    guard let remote = self.remote else { return self.settings.isPassive ? nil : self.inForce.transmit }
    guard remote.requiredMinReceive > .zero else { return nil }
    let isDemandActive = remote.wantsDemand && remote.state == .up && self.state.isUp
    if isDemandActive && self.poll == nil { return nil }
    return max(self.inForce.transmit, remote.requiredMinReceive)
  }

  /// Less by up to a quarter, so that sessions do not fall into step; less by a tenth at least when a single lost packet
  /// ends the session (RFC 5880 section 6.8.7).
  private mutating func jittered(_ interval: Duration) -> Duration {
    interval * Double.random(in: 0.75...(self.settings.detectMultiplier == 1 ? 0.9 : 1), using: &self.dice)
  }

  // MARK: - Poll Sequences

  /// Makes the intervals that are said those that are reckoned with: at once while nobody relies on them, and otherwise when
  /// the other end has confirmed them, where it would miss packets or be missed (RFC 5880 section 6.8.3).
  mutating func intervalsChanged() {
    let announced = self.announced
    guard self.state.isUp else {
      (self.inForce, self.lastAnnounced) = (announced, announced)
      return
    }
    guard announced != self.lastAnnounced else { return }
    self.lastAnnounced = announced
    self.inForce.transmit = min(self.inForce.transmit, announced.transmit)
    self.inForce.receive = max(self.inForce.receive, announced.receive)
    self.poll = Poll(asksAgain: self.poll != nil)
  }

  /// The other end has confirmed.
  mutating func finishPoll() {
    guard let poll = self.poll else { return }
    guard !poll.asksAgain else {
      self.poll = Poll()
      return
    }
    self.poll = nil
    self.inForce = self.announced
  }
}
