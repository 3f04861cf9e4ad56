extension Session {
  /// The Echo function of a session that is up (RFC 5880 sections 6.4 and 6.8.9): packets that the other end's forwarding
  /// loops back prove more of the path, and can come faster than its BFD could answer.
  struct Echo: Equatable {
    /// Between packets, before jitter.
    var interval: Duration
    var next: ContinuousClock.Instant
    /// The latest packet that came back, or the last one before this session came up: only later ones count.
    var lastReturned: UInt32
    /// When a packet came back; nil = none has yet, and none is missed.
    var returnedAt: ContinuousClock.Instant?

    /// When the session fails if nothing comes back before (RFC 5880 section 6.8.5).
    func deadline(multiplier: UInt8) -> ContinuousClock.Instant? {
      self.returnedAt.map { $0 + self.interval * Int(multiplier) }
    }
  }

  /// Whether Echo packets do the detecting.
  var isEchoing: Bool {
    if case .up(_, let echo?) = self.state { echo.returnedAt != nil } else { false }
  }

  /// What we say about Echo packets of the other end: they are looped only where Echo mode is configured, because whether
  /// this node forwards them is not ours to decide.
  var announcedEchoInterval: Duration {
    switch self.settings.echo {
    case .every(let interval) where self.settings.invitesEcho: interval
    case .off, .every: .zero
    }
  }

  /// Between our Echo packets; nil = one end does not want them.
  private var echoInterval: Duration? {
    guard case .every(let interval) = self.settings.echo, let remote = self.remote,
      remote.requiredMinEchoReceive > .zero
    else { return nil }
    return max(interval, remote.requiredMinEchoReceive)
  }

  /// Starts, paces or ends the Echo function, as both ends want it now.
  mutating func updateEcho(at now: ContinuousClock.Instant) {
    guard case .up(let since, let echo) = self.state else { return }
    guard let interval = self.echoInterval else {
      self.state = .up(since: since, nil)
      return self.intervalsChanged()
    }
    if var echo {
      guard echo.interval != interval else { return }
      echo.interval = interval
      echo.next = min(echo.next, now + interval)
      self.state = .up(since: since, echo)
    } else {
      self.state = .up(since: since, Echo(interval: interval, next: now, lastReturned: self.lastEchoSequence))
    }
  }

  mutating func echoDue(at now: ContinuousClock.Instant) -> [Action] {
    guard case .up(let since, var echo?) = self.state, echo.next <= now else { return [] }
    self.lastEchoSequence &+= 1
    echo.next = now + self.dice.shortened(echo.interval, by: 0.25)
    self.state = .up(since: since, echo)
    self.counters.echoOutput += 1
    return [.sendEcho(EchoPacket(session: self.discriminator, sequence: self.lastEchoSequence, key: self.echoKey))]
  }

  mutating func echoReturned(_ packet: EchoPacket, at now: ContinuousClock.Instant) -> [Action] {
    guard case .up(let since, var echo?) = self.state, packet.session == self.discriminator,
      packet.key == self.echoKey
    else { return [] }
    // Sent, and later than what came back before: nothing can be played back a second time.
    let age = packet.sequence &- echo.lastReturned
    guard age > 0, age <= self.lastEchoSequence &- echo.lastReturned else { return [] }
    self.counters.echoInput += 1
    echo.lastReturned = packet.sequence
    echo.returnedAt = now
    self.state = .up(since: since, echo)
    self.intervalsChanged()
    return []
  }
}
