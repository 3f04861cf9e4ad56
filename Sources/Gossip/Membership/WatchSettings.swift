/// How closely watched nodes are watched.
package struct WatchSettings: Sendable, Hashable {
  /// Between two pings.
  package var interval: Duration
  /// How many pings in a row must stay unanswered; the node is lost when the next one is due.
  package var multiplier: Int

  /// Half a second.
  package init(interval: Duration = .milliseconds(100), multiplier: Int = 5) {
    self.interval = interval
    self.multiplier = multiplier
  }

  /// The five pings that take so long.
  package init(detectionTime: Duration) {
    self.init(interval: detectionTime / 5, multiplier: 5)
  }

  /// How long a node can be silent without being lost.
  package var detectionTime: Duration { self.interval * self.multiplier }
}
