/// How many messages of each type went either way, for metrics (contract section 15).
package struct PeerCounters: Sendable, Hashable {
  package struct Messages: Sendable, Hashable {
    package var opens: UInt64 = 0
    package var updates: UInt64 = 0
    package var notifications: UInt64 = 0
    package var keepalives: UInt64 = 0
    package var routeRefreshes: UInt64 = 0

    package var total: UInt64 {
      self.opens + self.updates + self.notifications + self.keepalives + self.routeRefreshes
    }

    mutating func count(type: UInt8) {
      switch type {
      case MessageType.open: self.opens += 1
      case MessageType.update: self.updates += 1
      case MessageType.notification: self.notifications += 1
      case MessageType.keepalive: self.keepalives += 1
      case MessageType.routeRefresh: self.routeRefreshes += 1
      default: break
      }
    }
  }

  package var sent = Messages()
  package var received = Messages()

  package init() {}

  mutating func sent(type: UInt8) { self.sent.count(type: type) }
  mutating func received(type: UInt8) { self.received.count(type: type) }
}

extension Peer {
  /// Where things stand with the peer.
  package var state: SessionState {
    if self.established != nil { return .established }
    let states = self.sessions.values.map(\.name)
    if states.contains(.openConfirm) { return .openConfirm }
    if states.contains(.openSent) { return .openSent }
    switch self.attempt {
    case .connecting: return .connect
    case .waiting: return .active
    case .connected: return .openSent
    case .heldBack: return .idle
    case .resting: return self.settings.isPassive && !self.isStopped ? .active : .idle
    }
  }

  /// When the next attempt to connect is due, while there is none under way.
  package var nextAttemptAt: ContinuousClock.Instant? {
    guard case .waiting(let until) = self.attempt else { return nil }
    return until
  }

  /// What holds for the session, while there is one.
  package var agreement: Agreement? {
    self.established.flatMap { self.sessions[$0]?.agreement }
  }
}
