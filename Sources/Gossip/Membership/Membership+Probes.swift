import Primitives

/// One node that is being asked whether it lives.
struct Probe: Sendable, Hashable {
  enum Phase: Sendable, Hashable {
    /// It was pinged; others are asked to do so at the instant.
    case direct(until: ContinuousClock.Instant)
    /// So many of those that were asked owe at least a nack, and a ping over a stream may have come through.
    case indirect(nacksOwed: Int, streamAnswered: Bool)
  }

  let target: Member
  let sequence: UInt32
  let endsAt: ContinuousClock.Instant
  var phase: Phase
  /// Whether others have been asked that know nacks.
  var expectsNacks = false

  func deadline(_ settings: Settings) -> ContinuousClock.Instant {
    switch self.phase {
    case .direct(let until): min(until, self.endsAt)
    case .indirect: self.endsAt
    }
  }
}

/// A ping on behalf of another node.
struct Relay: Sendable, Hashable {
  let source: Source
  /// The number by which that node knows it.
  let sequence: UInt32
  let wantsNack: Bool
  let deadline: ContinuousClock.Instant
}

/// The failure detector: a node a second, round the ring.
///
///     ping ──ack──▶ lives
///       └─timeout─▶ indirect pings, ping over TCP ──ack or nack from elsewhere──▶ …
///                                                 └─end of the interval─▶ suspect, unless TCP got through
extension Membership {
  /// How many pings for others are under way at most; more are not made.
  private static let relayLimit = 1024

  mutating func advanceProbe(to now: ContinuousClock.Instant) -> [Action] {
    var actions: [Action] = []
    if let probe = self.probe, probe.deadline(self.settings) <= now {
      if case .direct = probe.phase { actions += self.askOthers(at: now) }
      if probe.endsAt <= now { actions += self.concludeProbe(at: now) }
    }
    if self.probe == nil, self.probeAt <= now, self.phase == .running {
      self.probeAt = now + self.settings.probeInterval
      actions += self.startProbe(at: now)
    }
    return actions
  }

  private mutating func startProbe(at now: ContinuousClock.Instant) -> [Action] {
    let horizon = now - self.settings.gossipToTheDeadTime
    guard let target = self.roster.nextToProbe(except: self.name, forgettingBefore: horizon, using: &self.dice)
    else { return [] }
    let sequence = self.nextSequence()
    let interval = self.awareness.scaled(self.settings.probeInterval)
    self.probe = Probe(
      target: target, sequence: sequence, endsAt: now + interval,
      phase: .direct(until: now + min(self.settings.probeTimeout, interval)))
    let ping = self.ping(target, sequence)
    guard target.liveness == .suspect else { return [self.send(ping, to: target.endpoint, of: target.name)] }
    // A suspect shall know at once, to be able to object.
    let accusation = Accusation(incarnation: target.incarnation, node: target.name, from: self.name)
    return [
      .send(
        Packet([ping, .suspect(accusation)], isChecksummed: target.versions.knowsChecksums), to: target.endpoint)
    ]
  }

  func ping(_ target: Member, _ sequence: UInt32) -> Message {
    .ping(Ping(sequence: sequence, node: target.name, source: self.source))
  }

  /// Who asks, in all that asks.
  var source: Source { Source(node: self.name, endpoint: self.own.endpoint) }

  /// The target has not answered: others shall ping it, and TCP is tried, in case only datagrams do not get through.
  private mutating func askOthers(at now: ContinuousClock.Instant) -> [Action] {
    guard var probe = self.probe else { return [] }
    let helpers = self.helpers(for: probe.target.name)
    let owed = helpers.count { $0.versions.knowsNacks }
    probe.phase = .indirect(nacksOwed: owed, streamAnswered: false)
    probe.expectsNacks = owed > 0
    self.probe = probe
    var actions: [Action] = []
    for helper in helpers {
      actions.append(self.indirectPing(probe.target, probe.sequence, through: helper))
    }
    if self.settings.usesStreamPings, probe.target.versions.knowsStreamPings, probe.endsAt > now {
      let exchange = self.nextExchange()
      self.exchanges[exchange] = .ping(probe.sequence)
      let ping = Ping(sequence: probe.sequence, node: probe.target.name, source: self.source)
      actions.append(
        .exchange(exchange, .ping(ping), with: probe.target.endpoint, within: probe.endsAt - now))
    }
    return actions
  }

  /// Nodes that can be asked about another one.
  mutating func helpers(for target: String) -> [Member] {
    let name = self.name
    return self.roster.pick(self.settings.indirectChecks, using: &self.dice) {
      $0.liveness == .alive && $0.name != name && $0.name != target
    }
  }

  mutating func indirectPing(_ target: Member, _ sequence: UInt32, through helper: Member) -> Action {
    let request = IndirectPing(
      sequence: sequence, target: target.endpoint, node: target.name, wantsNack: helper.versions.knowsNacks,
      source: self.source)
    return self.send(.indirectPing(request), to: helper.endpoint, of: helper.name)
  }

  /// Nobody has heard the target. That nobody said even that makes this node doubt itself.
  private mutating func concludeProbe(at now: ContinuousClock.Instant) -> [Action] {
    guard let probe = self.probe, case .indirect(let nacksOwed, let streamAnswered) = probe.phase else { return [] }
    self.probe = nil
    guard !streamAnswered else {
      self.awareness.apply(-1)
      return self.mutes.insert(probe.target.name).inserted ? [.report(.mute(probe.target.name))] : []
    }
    self.awareness.apply(probe.expectsNacks ? nacksOwed : 1)
    return self.takeSuspicion(
      Accusation(incarnation: probe.target.incarnation, node: probe.target.name, from: self.name), at: now)
  }

  // MARK: - Answers

  mutating func take(_ ack: Ack, at now: ContinuousClock.Instant) -> [Action] {
    if let probe = self.probe, probe.sequence == ack.sequence {
      self.probe = nil
      self.mutes.remove(probe.target.name)
      self.awareness.apply(-1)
      return []
    }
    if let relay = self.relays.removeValue(forKey: ack.sequence) {
      return [
        self.send(.ack(Ack(sequence: relay.sequence)), to: relay.source.endpoint, of: relay.source.node)
      ]
    }
    return self.takeWatchAck(ack.sequence, at: now) + self.takeCallAck(ack.sequence)
  }

  mutating func takeNack(_ sequence: UInt32) -> [Action] {
    guard var probe = self.probe, probe.sequence == sequence,
      case .indirect(let owed, let streamAnswered) = probe.phase
    else { return [] }
    probe.phase = .indirect(nacksOwed: max(0, owed - 1), streamAnswered: streamAnswered)
    self.probe = probe
    return []
  }

  /// A ping over a stream was answered, with this number.
  mutating func takeStreamAck(_ sequence: UInt32) {
    guard var probe = self.probe, probe.sequence == sequence, case .indirect(let owed, _) = probe.phase else { return }
    probe.phase = .indirect(nacksOwed: owed, streamAnswered: true)
    self.probe = probe
  }

  // MARK: - For others

  mutating func answer(_ ping: Ping, from endpoint: MemberAddress) -> [Action] {
    guard ping.node.isEmpty || ping.node == self.name else { return [] }
    return [
      self.send(
        .ack(Ack(sequence: ping.sequence)), to: ping.source?.endpoint ?? endpoint, of: ping.source?.node ?? "")
    ]
  }

  mutating func relay(
    _ request: IndirectPing, from endpoint: MemberAddress, at now: ContinuousClock.Instant
  ) -> [Action] {
    guard self.relays.count < Self.relayLimit else { return [] }
    let sequence = self.nextSequence()
    self.relays[sequence] = Relay(
      source: request.source ?? Source(node: "", endpoint: endpoint), sequence: request.sequence,
      wantsNack: request.wantsNack, deadline: now + self.settings.probeTimeout)
    var target = request.target
    if target.port == 0 { target.port = self.own.endpoint.port }
    return [
      self.send(
        .ping(Ping(sequence: sequence, node: request.node, source: self.source)), to: target, of: request.node)
    ]
  }

  mutating func expireRelays(at now: ContinuousClock.Instant) -> [Action] {
    let expired = self.relays.filter { $0.value.deadline <= now }.sorted { $0.key < $1.key }
    var actions: [Action] = []
    for (sequence, relay) in expired {
      self.relays[sequence] = nil
      guard relay.wantsNack else { continue }
      actions.append(
        self.send(.nack(sequence: relay.sequence), to: relay.source.endpoint, of: relay.source.node))
    }
    return actions
  }
}
