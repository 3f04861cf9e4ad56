import Primitives

// What is known of the forwarding path to the peer, by BFD, and when BGP may try it again (RFC 5882 section 4).

extension Peer {
  /// How long BGP waits for a path that failed. There are routers whose BFD begins with the BGP session: were there no end
  /// to it, the two would wait for each other.
  static let longestHold = Duration.seconds(10)
  /// An attempt this old has been sent into a path that did not work.
  private static let staleAttempt = Duration.seconds(1)

  var isHeldBack: Bool {
    if case .heldBack = self.attempt { true } else { false }
  }

  /// Ends the session, if the router has not yet done so, which may have noticed first. A path that lets TCP through and loses
  /// the rest would come up at once, again and again.
  mutating func pathFailed(at now: ContinuousClock.Instant) -> [Action] {
    guard !self.isStopped, !self.isHeldBack else { return [] }
    // Graceful restart must not keep routes over a path that is down.
    let notification = Notification.cease(.bfdDown).asHardReset(if: self.coversNotifications)
    var actions: [Action] = []
    if case .connecting(let connection, _) = self.attempt { actions.append(.abandon(connection)) }
    // Before, so that the end of a session brings no further attempt; and after, as stopping one puts attempts to rest.
    self.attempt = .heldBack(until: now + Self.longestHold)
    for connection in self.sessions.keys.sorted() { actions += self.stop(connection, notification, at: now) }
    self.attempt = .heldBack(until: now + Self.longestHold)
    return actions + [.report(.heldBack(Self.longestHold))]
  }

  /// Connects at once: what the retry time was waiting for has happened.
  mutating func pathRestored(at now: ContinuousClock.Instant) -> [Action] {
    switch self.attempt {
    case .heldBack:
      return self.endHold(at: now)
    case .waiting:
      return self.dial(at: now)
    case .connecting(let connection, let deadline) where deadline - Self.connectTime + Self.staleAttempt <= now:
      return [.abandon(connection)] + self.dial(at: now)
    case .resting, .connecting, .connected:
      return []
    }
  }

  mutating func endHold(at now: ContinuousClock.Instant) -> [Action] {
    self.attempt = .resting
    return self.settings.isPassive ? [] : self.dial(at: now)
  }
}
