import Primitives

/// One connection to a peer, from its OPEN to its end (RFC 4271 section 8.2.2; Idle, Connect and Active are `Peer`'s).
///
///     ──▶ OpenSent ──OPEN──▶ OpenConfirm ──KEEPALIVE──▶ Established
///            │                    │                          │
///            └────────────────────┴──────────────────────────┴──▶ ended: NOTIFICATION either way, hold timer, close
///
/// Where the RFC lets an implementation choose: the hold timer of OpenSent is short, as a router that accepts a connection
/// and then says nothing for half a minute is not going to; the delay of OPEN is not there.
package struct Session: StateMachine, Equatable {
  package enum Event: Sendable, Hashable, Timed {
    case tick
    case received(Frame)
    /// What arrived is no message.
    case malformed(Notification)
    case closed(String)
    /// End it, saying why; nil = without a word.
    case stop(Notification?)
  }

  package enum Action: Sendable, Hashable {
    case send(Message)
    /// The peer has introduced itself: time to look for a collision (RFC 4271 section 6.8).
    case introduced(OpenMessage)
    case established(Agreement)
    /// The peer wants the routes of a family again.
    case refresh(IPFamily)
    case note([AttributeFault])
    case ended(EndReason)
  }

  private struct Timers: Sendable, Equatable {
    /// Nil when silence has no limit.
    var holdDeadline: ContinuousClock.Instant?
    var keepaliveDeadline: ContinuousClock.Instant?
    /// Whether the peer has been given the time to be heard since it was heard last.
    var isExtended = false

    mutating func heard(_ agreement: Agreement, at now: ContinuousClock.Instant) {
      self.holdDeadline = agreement.holdTime.map { now + $0 }
      self.isExtended = false
    }
  }

  private enum State: Sendable, Equatable {
    case openSent(holdDeadline: ContinuousClock.Instant)
    case openConfirm(Agreement, Timers)
    case established(Agreement, Timers)
    case ended
  }

  /// How long the peer may take for its OPEN.
  static let openTime = Duration.seconds(30)
  /// A deadline that is noticed so late was missed because this process did not run, and so did not read either.
  static let absence = Duration.milliseconds(250)
  /// How long it then takes at most to read what the peer has said meanwhile.
  static let hearingTime = Duration.seconds(1)

  package let settings: PeerSettings
  /// What we said of ourselves.
  package let open: OpenMessage
  private var dice: SplitMix64
  private var state: State

  /// A connection has been made; `open` is to be sent on it.
  package init(_ settings: PeerSettings, open: OpenMessage, seed: UInt64, at now: ContinuousClock.Instant) {
    self.settings = settings
    self.open = open
    self.dice = SplitMix64(seed: seed)
    self.state = .openSent(holdDeadline: now + Self.openTime)
  }

  package var nextDeadline: ContinuousClock.Instant? {
    switch self.state {
    case .openSent(let holdDeadline): holdDeadline
    case .openConfirm(_, let timers), .established(_, let timers):
      [timers.holdDeadline, timers.keepaliveDeadline].compactMap { $0 }.min()
    case .ended: nil
    }
  }

  package var name: SessionState {
    switch self.state {
    case .openSent: .openSent
    case .openConfirm: .openConfirm
    case .established: .established
    case .ended: .idle
    }
  }

  /// What was agreed on, once it was.
  package var agreement: Agreement? {
    switch self.state {
    case .openConfirm(let agreement, _), .established(let agreement, _): agreement
    case .openSent, .ended: nil
    }
  }

  package mutating func handle(_ event: Event, at now: ContinuousClock.Instant) -> [Action] {
    switch (self.state, event) {
    case (.ended, _):
      return []
    case (_, .closed(let reason)):
      return self.end(.lost(reason))
    case (_, .stop(let notification)):
      guard let notification else { return self.end(.restarting) }
      return self.refuse(notification)
    case (_, .malformed(let notification)):
      return self.refuse(notification)
    case (_, .received(let frame)):
      do throws(Notification) {
        guard let message = try Message(decoding: frame, self.agreement?.format ?? .initial) else { return [] }
        return self.receive(message, at: now)
      } catch {
        return self.refuse(error)
      }
    case (.openSent(let holdDeadline), .tick):
      return now < holdDeadline ? [] : self.refuse(.holdTimerExpired)
    case (.openConfirm(let agreement, let timers), .tick):
      return self.checkTimers(timers, agreement, at: now) { .openConfirm(agreement, $0) }
    case (.established(let agreement, let timers), .tick):
      return self.checkTimers(timers, agreement, at: now) { .established(agreement, $0) }
    }
  }

  /// An UPDATE has been sent, which says as much as a KEEPALIVE (RFC 4271 section 8.2.2, event 27).
  package mutating func updateSent(at now: ContinuousClock.Instant) {
    guard case .established(let agreement, var timers) = self.state else { return }
    timers.keepaliveDeadline = self.nextKeepalive(agreement, at: now)
    self.state = .established(agreement, timers)
  }

  private mutating func receive(_ message: Message, at now: ContinuousClock.Instant) -> [Action] {
    switch (self.state, message) {
    case (_, .notification(let notification)):
      return self.end(.received(notification))

    case (.openSent, .open(let peer)):
      return self.confirm(peer, at: now)
    case (.openSent, .update), (.openSent, .keepalive), (.openSent, .routeRefresh):
      return self.refuse(.unexpected(message, .inOpenSent))

    case (.openConfirm(let agreement, var timers), .keepalive):
      timers.heard(agreement, at: now)
      self.state = .established(agreement, timers)
      return [.established(agreement)]
    case (.openConfirm, .open), (.openConfirm, .update), (.openConfirm, .routeRefresh):
      return self.refuse(.unexpected(message, .inOpenConfirm))

    case (.established(let agreement, var timers), .keepalive):
      timers.heard(agreement, at: now)
      self.state = .established(agreement, timers)
      return []
    case (.established(let agreement, var timers), .update(let update)):
      timers.heard(agreement, at: now)
      self.state = .established(agreement, timers)
      return update.faults.isEmpty ? [] : [.note(update.faults)]
    case (.established(let agreement, _), .routeRefresh(let refresh)):
      // RFC 2918 section 4: of a family that is not exchanged, it is ignored. The other subtypes frame the peer's routes.
      guard refresh.subtype == .request, let family = refresh.family.unicast, agreement.families.contains(family) else {
        return []
      }
      return [.refresh(family)]
    case (.established, .open):
      return self.refuse(.unexpected(message, .inEstablished))

    case (.ended, .open), (.ended, .update), (.ended, .keepalive), (.ended, .routeRefresh):
      return []
    }
  }

  private mutating func confirm(_ peer: OpenMessage, at now: ContinuousClock.Instant) -> [Action] {
    do throws(Agreement.Refusal) {
      let agreement = try Agreement(self.settings, own: self.open, peer: peer)
      // The answer is due at once, however long silence may last after it.
      let timers = Timers(
        holdDeadline: now + (agreement.holdTime ?? Self.openTime),
        keepaliveDeadline: self.nextKeepalive(agreement, at: now))
      self.state = .openConfirm(agreement, timers)
      return [.send(.keepalive), .introduced(peer)]
    } catch {
      return self.refuse(error.notification, because: error.reason)
    }
  }

  private mutating func checkTimers(
    _ timers: Timers, _ agreement: Agreement, at now: ContinuousClock.Instant, _ state: (Timers) -> State
  ) -> [Action] {
    var timers = timers
    if let deadline = timers.holdDeadline, deadline <= now {
      guard now - deadline >= Self.absence, !timers.isExtended else { return self.refuse(.holdTimerExpired) }
      timers.holdDeadline = now + Self.hearingTime
      timers.isExtended = true
    }
    var actions: [Action] = []
    if let deadline = timers.keepaliveDeadline, deadline <= now {
      timers.keepaliveDeadline = self.nextKeepalive(agreement, at: now)
      actions = [.send(.keepalive)]
    }
    self.state = state(timers)
    return actions
  }

  /// RFC 4271 section 10: the interval is jittered downwards by up to a quarter.
  private mutating func nextKeepalive(_ agreement: Agreement, at now: ContinuousClock.Instant)
    -> ContinuousClock.Instant?
  {
    agreement.keepaliveInterval.map { now + self.dice.shortened($0, by: 0.25) }
  }

  private mutating func refuse(_ notification: Notification, because reason: String? = nil) -> [Action] {
    [.send(.notification(notification))] + self.end(.sent(notification, reason))
  }

  private mutating func end(_ reason: EndReason) -> [Action] {
    self.state = .ended
    return [.ended(reason)]
  }
}
