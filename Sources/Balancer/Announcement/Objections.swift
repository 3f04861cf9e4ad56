import KubernetesModel

/// The nodes that were heard to announce what this one does, and are told that they may not.
///
/// Each of them is told at once and a few times more, as words get lost.
struct Objections: Sendable, Equatable {
  struct Objection: Sendable, Hashable, Comparable {
    var service: ObjectKey
    var node: String

    static func < (left: Objection, right: Objection) -> Bool {
      left.service == right.service ? left.node < right.node : left.service < right.service
    }
  }

  private struct Progress: Sendable, Equatable {
    var since: ContinuousClock.Instant
    /// How often the other one has been told again.
    var reminders = 0

    /// After the first word: the pauses double.
    private var pause: Duration { Objections.pause * ((2 << self.reminders) - 1) }

    var isToBeToldAgain: Bool { self.pause < Objections.time }

    /// When to tell it again, or to forget it.
    var dueAt: ContinuousClock.Instant {
      self.since + (self.isToBeToldAgain ? self.pause : Objections.time)
    }
  }

  /// How long words are repeated; whoever is heard after that is told anew.
  private static let time = Duration.seconds(1)
  /// Between the first word and the second.
  private static let pause = Duration.milliseconds(100)

  private var progress: [Objection: Progress] = [:]
  private var alarms = Alarms<Objection>()

  /// When somebody is to be told again.
  var nextDeadline: ContinuousClock.Instant? { self.alarms.first }

  /// Another node announces a Service and may not; false if it is being told already.
  mutating func begin(_ objection: Objection, at now: ContinuousClock.Instant) -> Bool {
    guard self.progress[objection] == nil else { return false }
    let progress = Progress(since: now)
    self.progress[objection] = progress
    self.alarms.set(progress.dueAt, for: objection)
    return true
  }

  /// Ends those to some nodes, and returns them in order.
  mutating func end(to nodes: Set<String>) -> [Objection] {
    guard !self.progress.isEmpty, !nodes.isEmpty else { return [] }
    let ended = self.progress.keys.filter { nodes.contains($0.node) }
    for objection in ended { self.progress[objection] = nil }
    return ended.sorted()
  }

  /// The words to repeat.
  mutating func due(at now: ContinuousClock.Instant) -> [Objection] {
    var due: [Objection] = []
    while let objection = self.alarms.next(at: now) {
      // An alarm may be left from a former one to the same node.
      guard var progress = self.progress[objection], progress.dueAt <= now else { continue }
      guard progress.isToBeToldAgain else {
        self.progress[objection] = nil
        continue
      }
      due.append(objection)
      progress.reminders += 1
      self.progress[objection] = progress
      self.alarms.set(progress.dueAt, for: objection)
    }
    return due
  }
}
