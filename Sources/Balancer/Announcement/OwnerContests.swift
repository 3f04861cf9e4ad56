import KubernetesModel

/// The Services that this node has claimed and was heard to share with others, which announce them, too.
///
/// Each of those is told of the claim at once and a few times more, as words get lost. A claim holds for as long against a
/// node that is not known to live, as it may never be reached with words (Docs/decisions/0024-owners-that-stay.md).
struct OwnerContests: Sendable, Equatable {
  private struct Contest: Sendable, Hashable, Comparable {
    var service: ObjectKey
    var node: String

    static func < (left: Contest, right: Contest) -> Bool {
      left.service == right.service ? left.node < right.node : left.service < right.service
    }
  }

  private struct Progress: Sendable, Equatable {
    var since: ContinuousClock.Instant
    /// How often the other one has been told again.
    var reminders = 0

    /// After the first word: the pauses double.
    private var pause: Duration { OwnerContests.pause * ((2 << self.reminders) - 1) }

    var isToBeToldAgain: Bool { self.pause < OwnerContests.time }

    /// When to tell it again, or to forget it.
    var dueAt: ContinuousClock.Instant {
      self.since + (self.isToBeToldAgain ? self.pause : OwnerContests.memory)
    }
  }

  /// How long the words have to arrive, and the gossip to find a node again that is heard on the network.
  static let time = Duration.seconds(1)
  /// Between the first word and the second.
  private static let pause = Duration.milliseconds(100)
  /// Whoever is heard again after so long contests anew.
  private static let memory = Duration.seconds(10)

  private var contests: [Contest: Progress] = [:]
  private var alarms = Alarms<Contest>()

  /// When somebody is to be told again, or a contest is forgotten.
  var nextDeadline: ContinuousClock.Instant? { self.alarms.first }

  /// Another node announces a Service, or may; false if it is being told of the claim already.
  mutating func begin(_ service: ObjectKey, with node: String, at now: ContinuousClock.Instant) -> Bool {
    let contest = Contest(service: service, node: node)
    if let known = self.contests[contest] { return now > known.since + Self.time }
    let progress = Progress(since: now)
    self.contests[contest] = progress
    self.alarms.set(progress.dueAt, for: contest)
    return true
  }

  /// Ends those with nodes that have come or gone, which begin anew if they are heard.
  mutating func end(with nodes: Set<String>) {
    guard !self.contests.isEmpty, !nodes.isEmpty else { return }
    self.contests = self.contests.filter { !nodes.contains($0.key.node) }
  }

  /// Whether the other node may not have heard of the claim yet.
  func isFresh(_ service: ObjectKey, with node: String, at now: ContinuousClock.Instant) -> Bool {
    self.contests[Contest(service: service, node: node)].map { now <= $0.since + Self.time } ?? true
  }

  /// The words to repeat: the nodes, each with a Service.
  mutating func due(at now: ContinuousClock.Instant) -> [(service: ObjectKey, node: String)] {
    var due: [(service: ObjectKey, node: String)] = []
    while let contest = self.alarms.next(at: now) {
      // An alarm may be left from a former contest with the same node.
      guard var progress = self.contests[contest], progress.dueAt <= now else { continue }
      guard progress.isToBeToldAgain else {
        self.contests[contest] = nil
        continue
      }
      due.append((contest.service, contest.node))
      progress.reminders += 1
      self.contests[contest] = progress
      self.alarms.set(progress.dueAt, for: contest)
    }
    return due
  }
}
