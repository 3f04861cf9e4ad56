/// The hands of a run loop: starts what has to wait as child tasks, a bounded number at a time.
///
/// `start` never waits, so that it can be called where actions are performed; what is started ends by sending its outcome to
/// the run loop's inbox. Everything is cancelled when `run` is.
package struct ChildTasks: Sendable {
  package typealias Work = @Sendable () async -> Void

  private let limit: Int
  private let waiting: Inbox<Work>

  /// `limit` is how many run at once, `capacity` how many more may wait.
  package init(limit: Int, capacity: Int) {
    self.limit = limit
    self.waiting = Inbox(capacity: capacity)
  }

  /// False: too many are waiting already, and this one is not started.
  package func start(_ work: @escaping Work) -> Bool {
    self.waiting.trySend(work)
  }

  /// Runs what is started until the task is cancelled.
  package func run() async {
    await withTaskGroup(of: Void.self) { group in
      var running = 0
      while !Task.isCancelled {
        guard let work = await self.waiting.next(before: nil, on: ContinuousClock()) else { continue }
        if running >= self.limit {
          await group.next()
          running -= 1
        }
        group.addTask { await work() }
        running += 1
      }
      group.cancelAll()
    }
  }
}
