import Synchronization

/// Whether the loops of a process still turn: each is asked for a sign of life, again and again.
///
/// A loop that waits for an event turns when it is asked, so that an idle process, or one whose API server does not answer,
/// is alive. One that hangs in the middle of an event does not, however well the rest of the process answers.
package final class LoopWatch: Sendable {
  /// One loop, or several of one kind, by the name that people know it by.
  package struct Loop: Sendable {
    package let name: String
    /// Returns when the loop has come round to it, when the loop has ended, or when the task is cancelled.
    package let turn: @Sendable () async -> Void
    /// Of several, the names of those that have not come round to it yet.
    package let laggards: @Sendable () -> [String]

    package init(
      _ name: String, laggards: @escaping @Sendable () -> [String] = { [] }, turn: @escaping @Sendable () async -> Void
    ) {
      self.name = name
      self.laggards = laggards
      self.turn = turn
    }
  }

  /// A loop that has not turned for longer than is good.
  package struct Stall: Sendable, Hashable, CustomStringConvertible {
    package let loop: String
    /// Which of several hang; none = there is one.
    package var members: [String] = []
    package let silence: Duration

    package var description: String {
      let members = self.members.isEmpty ? "" : " (\(self.members.joined(separator: ", ")))"
      return "the loop of \(self.loop)\(members) has not turned for \(self.silence.components.seconds) s"
    }
  }

  /// The work of one event, on a machine that is short of processors, may take seconds; it never takes this long.
  package static let patience = Duration.seconds(15)
  private static let interval = Duration.seconds(3)

  private let loops: [Loop]
  /// Since when each loop owes a sign of life.
  private let owed = Mutex<[String: ContinuousClock.Instant]>([:])

  package init(_ loops: [Loop]) {
    self.loops = loops
  }

  /// Asks until the task is cancelled.
  package func run<C: Clock>(on clock: C = ContinuousClock()) async where C.Instant == ContinuousClock.Instant {
    await withTaskGroup(of: Void.self) { group in
      for loop in self.loops {
        group.addTask {
          while !Task.isCancelled {
            self.owed.withLock { $0[loop.name] = clock.now }
            await loop.turn()
            self.owed.withLock { $0[loop.name] = nil }
            try? await clock.sleep(until: clock.now + Self.interval, tolerance: .seconds(1))
          }
        }
      }
    }
  }

  /// The loops that hang, longest first.
  package func stalls(at now: ContinuousClock.Instant = Time.now) -> [Stall] {
    let owed = self.owed.withLock { $0 }
    return self.loops.compactMap { loop in
      guard let silence = owed[loop.name]?.duration(to: now), silence > Self.patience else { return nil }
      return Stall(loop: loop.name, members: loop.laggards().sorted(), silence: silence)
    }.sorted { ($0.silence, $1.loop) > ($1.silence, $0.loop) }
  }
}
