import Primitives

// What the process wants of a peer: routes, other settings, an end.

extension Peer {
  /// How long a batch of routes may take to be handed to the network (RFC 9687 section 4.2: at least eight minutes).
  private static let shortestSendHold = Duration.seconds(480)

  /// Sends the next batch, if none is on its way.
  mutating func sendRoutes(at now: ContinuousClock.Instant) -> [Action] {
    guard self.flush == nil, let connection = self.established else { return [] }
    let messages = self.routes.nextBatch()
    let oversized = self.routes.takeOversized()
    let reports: [Action] = oversized.isEmpty ? [] : [.report(.oversized(oversized))]
    guard !messages.isEmpty else { return reports }
    let hold = self.sessions[connection]?.agreement?.holdTime ?? .zero
    self.flush = Flush(connection: connection, deadline: now + max(Self.shortestSendHold, hold * 2))
    self.sessions[connection]?.updateSent(at: now)
    return messages.flatMap { self.send($0, on: connection) } + reports + [.reportFlushed(connection)]
  }

  /// A session that the new settings allow stays as it is.
  mutating func reconfigure(
    _ settings: PeerSettings, isReachedDifferently: Bool, at now: ContinuousClock.Instant
  ) -> [Action] {
    let old = self.settings
    self.settings = settings
    guard !self.isStopped, settings != old || isReachedDifferently else { return [] }
    var actions: [Action] = []
    if isReachedDifferently || !settings.allowsSession(of: old) {
      for connection in self.sessions.keys.sorted() {
        actions += self.stop(connection, .cease(.otherConfigurationChange), at: now)
      }
    }
    guard self.sessions.isEmpty else { return actions }
    if case .connecting(let connection, _) = self.attempt { actions.append(.abandon(connection)) }
    self.attempt = .resting
    self.failureCount = 0
    return actions + (settings.isPassive ? [] : self.dial(at: now))
  }

  /// Asks the peer to prefer other routes, while ours still work (RFC 8326).
  mutating func drain(at now: ContinuousClock.Instant) -> [Action] {
    guard !self.isDraining else { return [] }
    self.isDraining = true
    self.policy?.isDraining = true
    if let policy = self.policy { self.routes.policyChanged(policy) }
    return self.sendRoutes(at: now)
  }

  mutating func stop(_ reason: StopReason, at now: ContinuousClock.Instant) -> [Action] {
    guard !self.isStopped else { return [] }
    self.isStopped = true
    var actions: [Action] = []
    if case .connecting(let connection, _) = self.attempt { actions.append(.abandon(connection)) }
    for connection in self.sessions.keys.sorted() {
      actions += self.pass(.stop(self.farewell(reason)), to: connection, at: now)
    }
    self.attempt = .resting
    return actions
  }

  /// What to say at the end; nil = nothing, so that the peer keeps our routes until we are back.
  private func farewell(_ reason: StopReason) -> Notification? {
    let notification: Notification
    switch reason {
    case .shutdown(let text): notification = .cease(.administrativeShutdown, saying: text)
    case .removed: notification = .cease(.peerDeconfigured)
    case .restart:
      if self.isRestartGraceful { return nil }
      notification = .cease(.administrativeReset)
    }
    return notification.asHardReset(if: self.coversNotifications)
  }

  /// Whether the peer keeps our routes when the connection just ends.
  package var isRestartGraceful: Bool {
    guard let agreement = self.established.flatMap({ self.sessions[$0]?.agreement }) else { return false }
    return self.settings.restartTime != nil && agreement.gracefulRestart != nil
  }

  var coversNotifications: Bool {
    self.established.flatMap { self.sessions[$0]?.agreement?.coversNotifications } ?? false
  }
}
