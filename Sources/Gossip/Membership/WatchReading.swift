/// What the fast detector knows of one node that it watches, for metrics and operators.
package struct WatchReading: Sendable, Hashable {
  package var name: String
  /// Whether it counts as gone.
  package var isLost: Bool
  /// How many pings in a row it has not answered.
  package var missedPings: Int
  /// When the first of these was sent.
  package var silentSince: ContinuousClock.Instant?
  package var heardAt: ContinuousClock.Instant?
  /// From a ping to its answer.
  package var roundTrip: Duration?
}

extension Membership {
  /// Every node that is watched closely, by name.
  package var watchReadings: [WatchReading] {
    self.watches.sorted { $0.key < $1.key }.map { name, watch in
      WatchReading(
        name: name, isLost: watch.isLost, missedPings: watch.missed, silentSince: watch.silentSince,
        heardAt: watch.heardAt, roundTrip: watch.roundTrip)
    }
  }

  /// Since when a watched node has not answered: the first ping that it owes an answer.
  package func silence(of name: String) -> ContinuousClock.Instant? { self.watches[name]?.silentSince }

  /// Whether a node may own addresses: neither gone, nor lost to a watch, nor passive.
  package func isCandidate(_ name: String) -> Bool { self.member(name).map { self.isCandidate($0) } ?? false }
}
