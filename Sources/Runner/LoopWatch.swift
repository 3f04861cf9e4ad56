import Synchronization

/// Whether the loops of a process still turn: each is asked for a sign of life, again and again.
///
/// A loop that waits for an event turns when it is asked, so that an idle process, or one whose API server does not answer,
/// is alive. One that hangs in the middle of an event does not, however well the rest of the process answers.
package final class LoopWatch: Sendable {
  /// One loop, by the name that people know it by.
  package struct Loop: Sendable {
    package let name: String
    /// Returns when the loop has come round to it, when the loop has ended, or when the task is cancelled.
    package let turn: @Sendable () async -> Void

    package init(_ name: String, turn: @escaping @Sendable () async -> Void) {
      self.name = name
      self.turn = turn
    }
  }

  /// A loop that has not turned for longer than is good.
  package struct Stall: Sendable, Hashable, CustomStringConvertible {
    package let loop: String
    package let silence: Duration

    package var description: String {
      "the loop of \(self.loop) has not turned for \(self.silence.components.seconds) s"
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
    self.owed.withLock { $0 }.compactMap { name, since in
      let silence = since.duration(to: now)
      return silence > Self.patience ? Stall(loop: name, silence: silence) : nil
    }.sorted { ($0.silence, $1.loop) > ($1.silence, $0.loop) }
  }
}
