import KubernetesModel

/// The Services that this node announces and was heard to share with others, and what is to be said to those.
///
/// Each of them is told at once, and again and again within a second, as words get lost, until it says that it has let go
/// or this node has (Docs/decisions/0024-owners-that-stay.md). A claim holds for as long against a node that is not known
/// to live, as it may never be reached with words.
struct OwnerContests: Sendable, Equatable {
  /// Why something is said.
  enum Occasion: Sendable, Equatable {
    /// The other one announces the Service, or may: it is told how this node stands to it.
    case contest
    /// The other one has said that it does, and waits to hear whether this node lets go.
    case answer
  }

  /// How long the words have to arrive, and the gossip to find a node again that is heard on the network.
  static let time = Duration.seconds(1)
  /// Between two words: longer than an answer takes.
  private static let pause = Duration.milliseconds(50)
  /// Whoever is heard again after so long contests anew.
  private static let memory = Duration.seconds(10)

  /// Since when.
  private var contests: [Contest: ContinuousClock.Instant] = [:]
  /// Those whose other side is told again, all in one round.
  private var open: Set<Contest> = []
  private var nextRound: ContinuousClock.Instant?
  private var endings = Alarms<Contest>()
  private var words: [String: [ObjectKey: Occasion]] = [:]

  /// When somebody is to be told again, or a contest is forgotten.
  var nextDeadline: ContinuousClock.Instant? { [self.nextRound, self.endings.first].compactMap(\.self).min() }

  /// Another node announces a Service, or may; false if it is being told already.
  mutating func begin(_ contest: Contest, at now: ContinuousClock.Instant) -> Bool {
    if let since = self.contests[contest] { return now > since + Self.time }
    self.contests[contest] = now
    self.open.insert(contest)
    self.nextRound = self.nextRound ?? now + Self.pause
    self.endings.set(now + Self.memory, for: contest)
    return true
  }

  /// One of the two has let go.
  mutating func settle(_ contest: Contest) {
    guard self.contests.removeValue(forKey: contest) != nil else { return }
    self.close([contest])
  }

  /// Ends those with nodes that have come or gone, which begin anew if they are heard.
  mutating func end(with nodes: Set<String>) {
    guard !self.contests.isEmpty, !nodes.isEmpty else { return }
    self.contests = self.contests.filter { !nodes.contains($0.key.node) }
    self.close(self.open.filter { nodes.contains($0.node) })
  }

  private mutating func close(_ contests: Set<Contest>) {
    self.open.subtract(contests)
    if self.open.isEmpty { self.nextRound = nil }
  }

  /// Whether the other node may not have heard of the claim yet.
  func isFresh(_ contest: Contest, at now: ContinuousClock.Instant) -> Bool {
    self.contests[contest].map { now <= $0 + Self.time } ?? true
  }

  /// Those whose other side is to be told again.
  mutating func due(at now: ContinuousClock.Instant) -> [Contest] {
    while let contest = self.endings.next(at: now) {
      // An alarm may be left from a former contest with the same node.
      if let since = self.contests[contest], since + Self.memory <= now { self.contests[contest] = nil }
    }
    guard let nextRound, nextRound <= now else { return [] }
    self.close(self.open.filter { self.contests[$0].map { $0 + Self.time < now } ?? true })
    if self.nextRound != nil { self.nextRound = now + Self.pause }
    return self.open.sorted()
  }

  // MARK: Words

  /// Something is to be said to a node once it is clear how this one stands.
  mutating func say(_ service: ObjectKey, to node: String, on occasion: Occasion) {
    guard self.words[node]?[service] != .contest else { return }
    self.words[node, default: [:]][service] = occasion
  }

  /// What is to be said, once.
  mutating func takeWords() -> [String: [ObjectKey: Occasion]] {
    guard !self.words.isEmpty else { return [:] }
    defer { self.words = [:] }
    return self.words
  }
}
