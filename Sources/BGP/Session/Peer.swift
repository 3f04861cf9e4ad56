import Primitives

/// Everything about one configured peer: when to connect, which of two connections to keep, what to send on it
/// (RFC 4271 sections 6.8 and 8).
///
///              ┌── waiting ◀──────────── failed, closed, refused ───────────────┐
///     start ──▶│  (Active)   retry time                                         │
///              └──▶ connecting ──connected──▶ Session (outgoing) ─┐              │
///                   (Connect)                                     ├── one of them is established
///     the peer connects ──────────────────▶ Session (incoming) ─┘              │
///                                                                └── ended ──────┘
///
/// A session whose path failed is held back until the path works again (decision 20).
///
/// The retry time doubles with every failure in a row, jittered, so that a router that is back is found soon and one that
/// refuses is not pestered; a session that lasted forgets the failures before it.
package struct Peer: StateMachine, Equatable {
  package enum Event: Sendable, Hashable, Timed {
    case tick
    case start
    case connected(ConnectionID, ConnectionEndpoint)
    case connectFailed(ConnectionID, String)
    /// The peer has connected to us.
    case accepted(ConnectionID, ConnectionEndpoint)
    case received(ConnectionID, Frame)
    case malformed(ConnectionID, Notification)
    case closed(ConnectionID, String)
    /// Our end of a connection has other addresses to give as next hops.
    case readdressed(ConnectionID, ConnectionEndpoint)
    /// What was sent up to `reportFlushed` has been handed to the network.
    case flushed(ConnectionID)
    /// What the peer should have of some prefixes; nil = nothing.
    case routes([IPPrefix: Route?])
    /// Other settings, or another way to reach the router, which no connection survives.
    case reconfigured(PeerSettings, isReachedDifferently: Bool = false)
    /// The forwarding path to the peer is down (RFC 5882 section 4.2).
    case pathFailed
    /// The forwarding path works, or works again.
    case pathRestored
    /// The router has come within reach, so that there is nothing to wait for.
    case reachable
    /// The router has another address, so that no connection to the old one is of use.
    case moved
    /// The link to the router is gone, and with it every connection.
    case unreachable(String)
    /// The routes are about to go (RFC 8326).
    case drain
    case stop(StopReason)
  }

  package enum StopReason: Sendable, Hashable {
    /// For good; the sentence is for the other operator.
    case shutdown(String)
    /// The peer is no longer configured.
    case removed
    /// Another process takes over in a moment.
    case restart
  }

  package enum Action: Sendable, Hashable {
    case dial(ConnectionID)
    /// An attempt to connect took too long, or is of no use any more.
    case abandon(ConnectionID)
    case send(ConnectionID, Message)
    case reportFlushed(ConnectionID)
    /// Close after what was sent.
    case close(ConnectionID)
    case report(Report)
  }

  /// What an operator may want to know.
  package enum Report: Sendable, Hashable {
    case established(Agreement)
    /// A family cannot be announced, as we have no address to give as its next hop.
    case withoutNextHop(IPFamily)
    case ended(EndReason)
    /// An attempt came to nothing.
    case failed(EndReason, nextAttempt: Duration?)
    case faults([AttributeFault])
    /// Nothing is tried before the path works again, or this time has passed.
    case heldBack(Duration)
    /// The attributes of these routes leave no room for them in a message, so that they are not announced.
    case oversized([IPPrefix])
  }

  enum Attempt: Sendable, Equatable {
    /// Nothing is tried: not started, stopped, passive, or there is a session.
    case resting
    case waiting(until: ContinuousClock.Instant)
    /// The path has failed, and has not been seen to work since.
    case heldBack(until: ContinuousClock.Instant)
    case connecting(ConnectionID, deadline: ContinuousClock.Instant)
    /// The session of this connection tells how it goes on.
    case connected(ConnectionID)
  }

  /// A batch of routes on its way, and until when it has to be out (RFC 9687).
  struct Flush: Sendable, Equatable {
    let connection: ConnectionID
    let deadline: ContinuousClock.Instant
  }

  /// How long a connection may take to be made (contract section 13.4).
  static let connectTime = Duration.seconds(10)
  /// The longest pause between attempts, where nothing is configured.
  static let standardConnectInterval = Duration.seconds(30)
  /// How many failures before a session count after it.
  static let mostFailuresRemembered = 2
  /// How long after a session has come up another connection may still be one that began together with it.
  static let settlingTime = Duration.seconds(5)
  /// A session that lasted so long was not a failure.
  static let stableTime = Duration.seconds(60)

  package internal(set) var settings: PeerSettings
  var dice: SplitMix64
  var attempt = Attempt.resting
  /// At most one in each direction, but for a router that has restarted and whose session is not known to be gone.
  var sessions: [ConnectionID: Session] = [:]
  var endpoints: [ConnectionID: ConnectionEndpoint] = [:]
  var established: ConnectionID?
  var policy: ExportPolicy?
  var flush: Flush?
  package internal(set) var routes = AdjRIBOut()
  var failureCount = 0
  var lastNumber: UInt64 = 0
  package internal(set) var isStopped = false
  var isDraining = false
  /// Whether the process has just started, so that the peer may still have routes of its predecessor.
  var isRestarting: Bool
  /// Whether capabilities are offered; not after a peer refused them (RFC 5492 section 3).
  var offersCapabilities = true
  package internal(set) var counters = PeerCounters()
  package internal(set) var lastEnd: EndReason?
  package internal(set) var lastEndedAt: ContinuousClock.Instant?
  /// How often an established session came to its end.
  package internal(set) var endCount: UInt64 = 0
  /// When the session came up, or went down.
  package internal(set) var changedAt: ContinuousClock.Instant?

  package init(_ settings: PeerSettings, isRestarting: Bool = false, seed: UInt64) {
    self.settings = settings
    self.isRestarting = isRestarting
    self.dice = SplitMix64(seed: seed)
  }

  package var nextDeadline: ContinuousClock.Instant? {
    var deadlines = self.sessions.values.compactMap(\.nextDeadline)
    switch self.attempt {
    case .waiting(let until), .heldBack(let until): deadlines.append(until)
    case .connecting(_, let deadline): deadlines.append(deadline)
    case .resting, .connected: break
    }
    if let flush = self.flush { deadlines.append(flush.deadline) }
    return deadlines.min()
  }

  package mutating func handle(_ event: Event, at now: ContinuousClock.Instant) -> [Action] {
    switch event {
    case .tick:
      return self.passTime(to: now)
    case .start:
      return self.settings.isPassive ? [] : self.dial(at: now)
    case .connected(let connection, let endpoint):
      guard case .connecting(connection, _) = self.attempt else { return [.close(connection)] }
      self.attempt = .connected(connection)
      return self.open(connection, endpoint, at: now)
    case .connectFailed(let connection, let reason):
      guard case .connecting(connection, _) = self.attempt else { return [] }
      return self.retry(after: .lost(reason), at: now)
    case .accepted(let connection, let endpoint):
      guard !self.isStopped, !self.isHeldBack, self.hasRoomForIncoming else {
        return self.send(.notification(.cease(.connectionRejected)), on: connection) + [.close(connection)]
      }
      return self.open(connection, endpoint, at: now)
    case .received(let connection, let frame):
      self.counters.received(type: frame.type)
      return self.pass(.received(frame), to: connection, at: now)
    case .malformed(let connection, let notification):
      return self.pass(.malformed(notification), to: connection, at: now)
    case .closed(let connection, let reason):
      return self.pass(.closed(reason), to: connection, at: now)
    case .readdressed(let connection, let endpoint):
      return self.readdress(connection, endpoint, at: now)
    case .flushed(let connection):
      guard self.flush?.connection == connection else { return [] }
      self.flush = nil
      return self.sendRoutes(at: now)
    case .routes(let routes):
      self.routes.setRoutes(routes)
      return self.sendRoutes(at: now)
    case .reconfigured(let settings, let isReachedDifferently):
      return self.reconfigure(settings, isReachedDifferently: isReachedDifferently, at: now)
    case .pathFailed:
      return self.pathFailed(at: now)
    case .pathRestored:
      return self.pathRestored(at: now)
    case .reachable:
      return self.reach(at: now)
    case .moved:
      return self.reconfigure(self.settings, isReachedDifferently: true, at: now)
    case .unreachable(let reason):
      return self.lose(reason, at: now)
    case .drain:
      return self.drain(at: now)
    case .stop(let reason):
      return self.stop(reason, at: now)
    }
  }

  private mutating func passTime(to now: ContinuousClock.Instant) -> [Action] {
    var actions: [Action] = []
    if let flush = self.flush, flush.deadline <= now {
      actions += self.stop(flush.connection, .sendHoldTimerExpired, at: now)
    }
    for connection in self.sessions.keys.sorted() { actions += self.pass(.tick, to: connection, at: now) }
    switch self.attempt {
    case .waiting(let until) where until <= now:
      actions += self.dial(at: now)
    case .heldBack(let until) where until <= now:
      actions += self.endHold(at: now)
    case .connecting(let connection, let deadline) where deadline <= now:
      actions.append(.abandon(connection))
      actions += self.retry(after: .lost("no connection within \(Self.connectTime)"), at: now)
    case .resting, .waiting, .heldBack, .connecting, .connected:
      break
    }
    return actions
  }
}

extension Notification {
  func asHardReset(if isNeeded: Bool) -> Notification { isNeeded ? self.asHardReset : self }
}
