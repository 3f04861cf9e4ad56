import KubernetesModel
import Primitives

/// What a process tells of its last decisions when somebody asks (Docs/decisions/0017-speakers-tell-what-they-know.md).
package struct DecisionHistory: Codable, Sendable, Hashable {
  package static let currentVersion = 1

  /// An event and what it led to.
  package struct Entry: Codable, Sendable, Hashable {
    /// Of all such events since the start of the process, which one this is.
    package var number: UInt64
    package var secondsAgo: Double
    package var cause: String
    package var decisions: [String]
    /// How many more there were.
    package var omitted: Int
  }

  package var version = Self.currentVersion
  /// `controller`, or `speaker` and the name of its node.
  package var process: String
  /// Oldest first.
  package var entries: [Entry]

  /// With `object`, only what was decided about that one.
  package init(_ journal: DecisionJournal, about object: ObjectKey? = nil, at now: ContinuousClock.Instant) {
    self.process = journal.process
    self.entries = journal.entries.compactMap { entry in
      let decisions = entry.decisions.filter { object == nil || $0.object == object }
      guard !decisions.isEmpty else { return nil }
      return Entry(
        number: entry.number, secondsAgo: (now - entry.at).statusSeconds, cause: entry.cause.description,
        decisions: decisions.map(\.description), omitted: object == nil ? entry.omitted : 0)
    }
  }
}

extension DecisionHistory {
  /// What several processes tell, in the order in which it happened, a line for each decision.
  package static func lines(
    _ histories: [DecisionHistory], limit: Int = .max, colours: Bool = false, width: Int = 80
  ) -> [String] {
    let events = histories.flatMap { history in history.entries.map { (process: history.process, entry: $0) } }
      .sorted { ($0.entry.secondsAgo, $1.entry.number) > ($1.entry.secondsAgo, $0.entry.number) }
      .suffix(limit)
    var table = TextTable(header: ["AGO", "WHO", "WHY", "WHAT"])
    for (process, entry) in events {
      let more = entry.omitted > 0 ? ["and \(entry.omitted) more"] : []
      for (index, decision) in (entry.decisions + more).enumerated() {
        let occasion: [Styled] =
          index == 0 ? [Styled(StatusText.age(entry.secondsAgo)), Styled(process), Styled(entry.cause)] : ["", "", ""]
        table.rows.append(occasion + [Styled(decision)])
      }
    }
    return table.lines(width: width, colours: colours)
  }
}
