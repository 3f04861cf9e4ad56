extension Session {
  /// The other end, as its latest packet describes it.
  struct Remote: Equatable {
    let discriminator: Discriminator
    let state: SessionState
    let diagnostic: Diagnostic
    let detectMultiplier: UInt8
    let desiredMinTransmit: Duration
    /// Zero = it wants no periodic packets.
    let requiredMinReceive: Duration
    /// Zero = it loops no Echo packets.
    let requiredMinEchoReceive: Duration
    let wantsDemand: Bool
    let heardAt: ContinuousClock.Instant

    init(_ packet: ControlPacket, at now: ContinuousClock.Instant) {
      self.discriminator = packet.mine
      self.state = packet.state
      self.diagnostic = packet.diagnostic
      self.detectMultiplier = packet.detectMultiplier
      self.desiredMinTransmit = packet.desiredMinTransmit
      self.requiredMinReceive = packet.requiredMinReceive
      self.requiredMinEchoReceive = packet.requiredMinEchoReceive
      self.wantsDemand = packet.wantsDemand
      self.heardAt = now
    }
  }

  /// How long the other end may be silent (RFC 5880 section 6.8.4).
  var detectionTime: Duration? {
    self.remote.map { remote in
      max(self.inForce.receive, remote.desiredMinTransmit) * Int(remote.detectMultiplier)
    }
  }

  var detectionDeadline: ContinuousClock.Instant? {
    guard let remote = self.remote, let detectionTime = self.detectionTime else { return nil }
    return remote.heardAt + detectionTime
  }

  /// Takes a packet in, in the order of RFC 5880 section 6.8.6.
  mutating func received(_ packet: ControlPacket, at now: ContinuousClock.Instant) -> [Action] {
    self.counters.controlInput += 1
    self.remote = Remote(packet, at: now)
    if packet.isFinal { self.finishPoll() }
    if case .disabled = self.state { return [] }

    var actions: [Action] = []
    switch (self.state, packet.state) {
    case (.disabled, _), (.down, .adminDown), (.down, .up), (.initializing, .down), (.up, .initializing), (.up, .up):
      self.updateEcho(at: now)
    case (.down, .down):
      actions = self.enter(.initializing, diagnostic: self.diagnostic, at: now)
    case (.down, .initializing), (.initializing, .initializing), (.initializing, .up):
      actions = self.enter(.up(since: now, nil), diagnostic: .none, at: now) + [.up]
      self.counters.sessionUp += 1
    case (.initializing, .adminDown), (.up, .adminDown):
      actions = self.fall(.neighborDisabled, at: now)
    case (.up, .down):
      actions = self.fall(.neighborDown(packet.diagnostic), at: now)
    }
    return packet.isPoll ? self.answering(actions, at: now) : actions
  }

  /// Confirms what the other end has said. A packet that goes out anyway does that too, but none both asks and confirms
  /// (RFC 5880 section 6.5); a question of ours then waits for the next one.
  private mutating func answering(_ actions: [Action], at now: ContinuousClock.Instant) -> [Action] {
    var answer = self.packet
    answer.isPoll = false
    answer.isFinal = true
    var actions = actions
    if let index = actions.firstIndex(where: { if case .send = $0 { true } else { false } }) {
      actions[index] = .send(answer)
    } else {
      self.counters.controlOutput += 1
      actions.insert(.send(answer), at: 0)
    }
    return actions
  }
}
