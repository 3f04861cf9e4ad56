import Primitives

/// When a command that watches looks at the cluster again: soon after something changed in it, and every so often even if
/// nothing did, as not everything that is shown is an object.
///
/// What the lists hold at the start is no change; a kind that cannot be listed never changes.
package struct LookSchedule: StateMachine, Equatable {
  package enum Event: Sendable, Hashable, Timed {
    case tick
    /// An object of a kind came, went or is another one.
    case changed(kind: Int)
    /// All objects of a kind that existed at the start have been told.
    case synced(kind: Int)
  }

  package enum Action: Sendable, Hashable {
    case look
  }

  /// So long changes gather.
  package static let pause = Duration.milliseconds(300)
  /// Two looks begin at least so far apart.
  private static let gap = Duration.seconds(1)

  private let interval: Duration
  private let gap: Duration
  private var followed: Set<Int> = []
  private var last: ContinuousClock.Instant
  private var next: ContinuousClock.Instant

  /// `now` = when the first look was taken; one that took long is not taken all the time.
  package init(every interval: Duration, firstTook duration: Duration, at now: ContinuousClock.Instant) {
    self.interval = max(interval, duration * 2)
    self.gap = max(Self.gap, duration * 3)
    self.last = now
    self.next = now + self.interval
  }

  package var nextDeadline: ContinuousClock.Instant? { self.next }

  package mutating func handle(_ event: Event, at now: ContinuousClock.Instant) -> [Action] {
    switch event {
    case .tick: break
    case .synced(let kind): self.followed.insert(kind)
    case .changed(let kind):
      if self.followed.contains(kind) { self.next = min(self.next, max(now + Self.pause, self.last + self.gap)) }
    }
    guard now >= self.next else { return [] }
    self.last = now
    self.next = now + self.interval
    return [.look]
  }
}
