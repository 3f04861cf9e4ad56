import Primitives

// Attempts, the one or two connections that come of them, and which of two survives (RFC 4271 section 6.8).

extension Peer {
  mutating func dial(at now: ContinuousClock.Instant) -> [Action] {
    self.lastNumber += 1
    let connection = ConnectionID(.outgoing, self.lastNumber)
    self.attempt = .connecting(connection, deadline: now + Self.connectTime)
    return [.dial(connection)]
  }

  /// Tries at once, whatever came of earlier attempts; a connection that there is goes on.
  mutating func reach(at now: ContinuousClock.Instant) -> [Action] {
    guard !self.isStopped, !self.settings.isPassive, self.sessions.isEmpty, !self.isHeldBack else { return [] }
    var actions: [Action] = []
    if case .connecting(let connection, _) = self.attempt { actions.append(.abandon(connection)) }
    self.failureCount = 0
    return actions + self.dial(at: now)
  }

  /// Gives every connection up: nothing that is said on it would arrive.
  mutating func lose(_ reason: String, at now: ContinuousClock.Instant) -> [Action] {
    var actions: [Action] = []
    for connection in self.sessions.keys.sorted() { actions += self.pass(.closed(reason), to: connection, at: now) }
    if case .connecting(let connection, _) = self.attempt {
      actions.append(.abandon(connection))
      actions += self.retry(after: .lost(reason), at: now)
    }
    return actions
  }

  mutating func open(_ connection: ConnectionID, _ endpoint: ConnectionEndpoint, at now: ContinuousClock.Instant)
    -> [Action]
  {
    let open = OpenMessage(
      self.settings, endpoint, isRestarting: self.isRestarting, offersCapabilities: self.offersCapabilities)
    self.sessions[connection] = Session(self.settings, open: open, seed: self.dice.next(), at: now)
    self.endpoints[connection] = endpoint
    return self.send(.open(open), on: connection)
  }

  mutating func send(_ message: Message, on connection: ConnectionID) -> [Action] {
    self.counters.sent(type: message.type)
    return [.send(connection, message)]
  }

  /// Lets the session of a connection handle an event, and does what it asks for.
  mutating func pass(_ event: Session.Event, to connection: ConnectionID, at now: ContinuousClock.Instant) -> [Action] {
    guard let actions = self.sessions[connection]?.handle(event, at: now) else { return [] }
    var result: [Action] = []
    for action in actions {
      switch action {
      case .send(let message): result += self.send(message, on: connection)
      case .introduced(let open): result += self.resolveCollision(of: connection, open, at: now)
      case .established(let agreement): result += self.establish(connection, agreement, at: now)
      case .refresh(let family):
        let isEnhanced = self.sessions[connection]?.agreement?.hasEnhancedRefresh == true
        self.routes.refresh(family, isEnhanced: isEnhanced)
        result += self.sendRoutes(at: now)
      case .note(let faults): result.append(.report(.faults(faults)))
      case .ended(let reason): result += self.end(connection, reason, at: now)
      }
    }
    return result
  }

  /// Ends one connection with a word.
  mutating func stop(_ connection: ConnectionID, _ notification: Notification, at now: ContinuousClock.Instant)
    -> [Action]
  {
    self.pass(.stop(notification), to: connection, at: now)
  }

  /// Whether the peer may connect: one connection of its own at a time, unless it is the session that a restart of the peer
  /// may have ended without our knowing (RFC 4724 section 4.2).
  var hasRoomForIncoming: Bool {
    self.sessions.allSatisfy { connection, session in
      connection.direction == .outgoing || connection == self.established && session.agreement?.gracefulRestart != nil
    }
  }

  /// The peer has introduced itself on a connection: if there is another, one of the two has to go.
  private mutating func resolveCollision(
    of connection: ConnectionID, _ open: OpenMessage, at now: ContinuousClock.Instant
  ) -> [Action] {
    guard let other = self.established ?? self.sessions.keys.first(where: { $0 != connection }),
      let otherAgreement = self.sessions[other]?.agreement
    else { return [] }
    if other == self.established {
      // RFC 4724 section 4.2: a peer that restarts gracefully has lost the old one without our knowing. Of two that began
      // together the peer keeps the one that was quicker: to give that up for the other would cost both.
      guard otherAgreement.gracefulRestart != nil, self.changedAt.map({ now - $0 >= Self.settlingTime }) ?? true else {
        return self.stop(connection, .cease(.connectionCollision), at: now)
      }
      return self.pass(.closed("the router has connected anew, as after a restart"), to: other, at: now)
    }
    let loser = self.keepsOutgoing(against: open, on: connection) ? ConnectionID.Direction.incoming : .outgoing
    return self.stop(connection.direction == loser ? connection : other, .cease(.connectionCollision), at: now)
  }

  /// The connection of the speaker with the higher identifier stays; of equal ones, that of the higher AS number
  /// (RFC 6286 section 2.3).
  private func keepsOutgoing(against open: OpenMessage, on connection: ConnectionID) -> Bool {
    let own = self.sessions[connection]?.open.identifier.bits ?? 0
    guard own != open.identifier.bits else { return self.settings.localASN > open.asn }
    return own > open.identifier.bits
  }

  private mutating func establish(
    _ connection: ConnectionID, _ agreement: Agreement, at now: ContinuousClock.Instant
  ) -> [Action] {
    guard let endpoint = self.endpoints[connection] else { return [] }
    self.established = connection
    self.changedAt = now
    // The router is there and willing: however often it was not before, it is found again soon.
    self.failureCount = min(self.failureCount, Self.mostFailuresRemembered)
    var actions: [Action] = [.report(.established(agreement))]
    if case .connecting(let attempt, _) = self.attempt { actions.append(.abandon(attempt)) }
    if case .connected(connection) = self.attempt {} else { self.attempt = .resting }
    for other in self.sessions.keys.sorted() where other != connection {
      actions += self.stop(other, .cease(.connectionCollision), at: now)
    }
    let nextHops = endpoint.nextHops(agreement)
    for family in agreement.families.sorted() where nextHops[family] == nil {
      actions.append(.report(.withoutNextHop(family)))
    }
    let policy = ExportPolicy(
      kind: agreement.kind, localASN: self.settings.localASN, format: agreement.format, nextHops: nextHops,
      usesExtendedNextHop: agreement.usesExtendedNextHop, isDraining: self.isDraining)
    self.policy = policy
    self.routes.sessionOpened(policy)
    return actions + self.sendRoutes(at: now)
  }

  /// The interface of a connection has other addresses: routes name other next hops, and those of a family that has none any
  /// more are withdrawn until it has one.
  mutating func readdress(_ connection: ConnectionID, _ endpoint: ConnectionEndpoint, at now: ContinuousClock.Instant)
    -> [Action]
  {
    guard self.endpoints[connection] != nil else { return [] }
    self.endpoints[connection] = endpoint
    guard connection == self.established, let agreement = self.agreement, var policy = self.policy else { return [] }
    let former = policy.nextHops
    policy.nextHops = endpoint.nextHops(agreement)
    guard policy.nextHops != former else { return [] }
    self.policy = policy
    self.routes.policyChanged(policy)
    let lost = former.keys.filter { policy.nextHops[$0] == nil }.sorted()
    return lost.map { .report(.withoutNextHop($0)) } + self.sendRoutes(at: now)
  }

  private mutating func end(_ connection: ConnectionID, _ reason: EndReason, at now: ContinuousClock.Instant)
    -> [Action]
  {
    self.sessions[connection] = nil
    self.endpoints[connection] = nil
    if self.flush?.connection == connection { self.flush = nil }
    var actions: [Action] = [.close(connection)]
    if reason == .received(.open(.unsupportedOptionalParameter)) { self.offersCapabilities = false }
    if connection == self.established {
      actions.append(.report(.ended(reason)))
      let wasStable = self.changedAt.map { now - $0 >= Self.stableTime } ?? false
      self.failureCount = wasStable ? 0 : self.failureCount
      self.established = nil
      self.policy = nil
      self.changedAt = now
      self.endCount += 1
      self.lastEnd = reason
      self.lastEndedAt = now
      self.isRestarting = false
      self.offersCapabilities = true
      self.routes.sessionClosed()
      if case .connected(connection) = self.attempt { self.attempt = .resting }
      // With another connection, that one goes on.
      if self.sessions.isEmpty { self.wait(at: now) }
      return actions
    }
    switch self.attempt {
    case .waiting, .connecting:
      // The peer's connection came to nothing; ours is still to be tried.
      self.lastEnd = reason
      self.lastEndedAt = now
      actions.append(.report(.failed(reason, nextAttempt: nil)))
    case .connected(connection):
      actions += self.retry(after: reason, at: now)
    case .resting where self.sessions.isEmpty:
      actions += self.retry(after: reason, at: now)
    case .resting, .heldBack, .connected:
      break
    }
    return actions
  }

  /// An attempt came to nothing.
  mutating func retry(after reason: EndReason, at now: ContinuousClock.Instant) -> [Action] {
    self.attempt = .resting
    // The loser of a collision is no failure, and while there is another connection, no other is tried.
    guard self.sessions.isEmpty else { return [] }
    self.lastEnd = reason
    self.lastEndedAt = now
    self.wait(at: now)
    var pause: Duration?
    if case .waiting(let until) = self.attempt { pause = until - now }
    return [.report(.failed(reason, nextAttempt: pause))]
  }

  private mutating func wait(at now: ContinuousClock.Instant) {
    guard !self.isStopped, !self.settings.isPassive else {
      self.attempt = .resting
      return
    }
    let longest = self.settings.connectInterval ?? Self.standardConnectInterval
    let doubled = Duration.seconds(1 << min(self.failureCount, 16))
    self.failureCount += 1
    self.attempt = .waiting(until: now + self.dice.shortened(min(doubled, longest), by: 0.25))
  }
}
