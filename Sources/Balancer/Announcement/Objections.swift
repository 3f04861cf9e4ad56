/// The nodes that were heard to announce what is this one's, and are told that it is.
///
/// Each of them is told at once and a few times more, as words get lost.
struct Objections: Sendable, Equatable {
  private struct Progress: Sendable, Equatable {
    var since: ContinuousClock.Instant
    /// How often the other one has been told again.
    var reminders = 0

    /// When the next word is due, from the first on: the pauses double.
    private var nextWord: Duration { Objections.pause * ((2 << self.reminders) - 1) }

    var isToBeToldAgain: Bool { self.nextWord < Objections.time }

    /// When to tell it again, or to forget it.
    var dueAt: ContinuousClock.Instant {
      self.since + min(self.nextWord, Objections.time)
    }
  }

  /// How long words are repeated; whoever is heard after that is told anew.
  private static let time = Duration.seconds(1)
  /// Between the first word and the second.
  private static let pause = Duration.milliseconds(100)

  private var progress: [Contest: Progress] = [:]
  private var alarms = Alarms<Contest>()

  /// When somebody is to be told again.
  var nextDeadline: ContinuousClock.Instant? { self.alarms.first }

  /// Another node announces a Service that is this one's; false if it is being told already.
  mutating func begin(_ contest: Contest, at now: ContinuousClock.Instant) -> Bool {
    guard self.progress[contest] == nil else { return false }
    let progress = Progress(since: now)
    self.progress[contest] = progress
    self.alarms.set(progress.dueAt, for: contest)
    return true
  }

  /// The other one has left the Service.
  mutating func end(_ contest: Contest) { self.progress[contest] = nil }

  /// Ends those to some nodes, and returns them in order.
  mutating func end(to nodes: Set<String>) -> [Contest] {
    guard !self.progress.isEmpty, !nodes.isEmpty else { return [] }
    let ended = self.progress.keys.filter { nodes.contains($0.node) }
    for contest in ended { self.progress[contest] = nil }
    return ended.sorted()
  }

  /// Those of whom the other side is to be told again.
  mutating func due(at now: ContinuousClock.Instant) -> [Contest] {
    var due: [Contest] = []
    while let contest = self.alarms.next(at: now) {
      // An alarm may be left from a former objection to the same node.
      guard var progress = self.progress[contest], progress.dueAt <= now else { continue }
      guard progress.isToBeToldAgain else {
        self.progress[contest] = nil
        continue
      }
      due.append(contest)
      progress.reminders += 1
      self.progress[contest] = progress
      self.alarms.set(progress.dueAt, for: contest)
    }
    return due
  }
}
