import Balancer
import Primitives
import Serving
import Synchronization

/// How long takeovers took: from the first sign of life that the former owner owed to the first frame of this node.
final class TakeoverLog: Sendable {
  private struct State {
    var histogram = DurationHistogram(bounds: TakeoverLog.bounds)
    var last: Duration?
  }

  /// Around the detector's time, memberlist's, and that of nodes that are not ready any more.
  static let bounds: [Duration] = [
    .milliseconds(100), .milliseconds(200), .milliseconds(300), .milliseconds(500), .milliseconds(750), .seconds(1),
    .milliseconds(1500), .milliseconds(2500), .seconds(5), .seconds(10), .seconds(30),
  ]

  private let state = Mutex(State())

  var histogram: DurationHistogram { self.state.withLock { $0.histogram } }
  var lastDuration: Duration? { self.state.withLock { $0.last } }

  /// Writes down a takeover whose first frames have been sent by `now`; `absences` tells since when the former owners were
  /// silent. Returns how long it took, if that is known.
  func note(
    _ takeover: Takeover, absences: [String: ContinuousClock.Instant], at now: ContinuousClock.Instant
  ) -> Duration? {
    // Of several nodes, the end of the one that was silent last made the difference.
    let duration = absences.values.max().map { now - $0 }
    self.state.withLock { state in
      state.last = duration
      if let duration { state.histogram.observe(duration, times: UInt64(takeover.services.count)) }
    }
    return duration
  }
}
