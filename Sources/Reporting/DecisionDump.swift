import Balancer
import Logging
import Runner

/// Writes the last decisions of a process to its log whenever somebody asks for them (`kill -USR1`).
package struct DecisionDump: Sendable {
  private let requests: Inbox<Void>
  private let logger: Logger
  private let history: @Sendable () async -> DecisionHistory?

  /// Each element of `requests` is somebody's wish; `history` gives nil when the process stops.
  package init(
    _ requests: Inbox<Void>, logger: Logger, history: @escaping @Sendable () async -> DecisionHistory?
  ) {
    self.requests = requests
    self.logger = logger
    self.history = history
  }

  /// Runs until the task is cancelled.
  package func run() async {
    while !Task.isCancelled {
      guard await self.requests.next(before: nil, on: ContinuousClock()) != nil, let history = await self.history()
      else { continue }
      self.write(history)
    }
  }

  /// A line for each event, oldest first.
  private func write(_ history: DecisionHistory) {
    self.logger.notice("the last decisions follow", metadata: ["events": "\(history.entries.count)"])
    for entry in history.entries {
      self.logger.notice(
        "decided",
        metadata: [
          "number": "\(entry.number)", "secondsAgo": "\(entry.secondsAgo)", "cause": .string(entry.cause),
          "decisions": .string(entry.decisions.joined(separator: "; ")), "omitted": "\(entry.omitted)",
        ])
    }
  }
}
