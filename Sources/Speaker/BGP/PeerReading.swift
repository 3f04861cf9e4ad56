import BGP

/// What a peer's loop lets others see of its machine after each event.
package struct PeerReading: Sendable {
  var router: RouterAddress
  package var state: SessionState
  package var agreement: Agreement?
  package var counters: PeerCounters
  package var sentPrefixes: Int
  package var pendingPrefixes: Int
  /// Those that cannot be told, as their attributes fill a message.
  package var oversizedPrefixes: Int
  package var desiredPrefixes: Int
  package var lastEnd: EndReason?
  package var lastEndedAt: ContinuousClock.Instant?
  /// How often an established session came to its end.
  package var endCount: UInt64
  package var changedAt: ContinuousClock.Instant?
  package var nextAttemptAt: ContinuousClock.Instant?

  init(_ peer: Peer, _ router: RouterAddress) {
    self.router = router
    self.state = peer.state
    self.agreement = peer.agreement
    self.counters = peer.counters
    self.sentPrefixes = peer.routes.sentCount
    self.pendingPrefixes = peer.state == .established ? peer.routes.pendingCount : peer.routes.desiredCount
    self.oversizedPrefixes = peer.routes.oversizedCount
    self.desiredPrefixes = peer.routes.desiredCount
    self.lastEnd = peer.lastEnd
    self.lastEndedAt = peer.lastEndedAt
    self.endCount = peer.endCount
    self.changedAt = peer.changedAt
    self.nextAttemptAt = peer.nextAttemptAt
  }
}
