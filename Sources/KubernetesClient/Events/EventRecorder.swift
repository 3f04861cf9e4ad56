import KubernetesModel
import Logging
import Runner
import Synchronization

/// Writes Events about objects, counted, combined and limited as `EventCorrelator` says.
///
/// Recording never waits and never fails; what the API server cannot take in time is dropped, and the number of those is
/// told. A few writes are under way at once, those about one object always in order.
package struct EventRecorder: Sendable {
  private static let capacity = 16_384
  private static let lanes = 8
  private static let attempts = 5

  private let client: KubernetesClient
  private let component: String
  private let logger: Logger
  private let inbox = Inbox<EventCorrelator.Occurrence>(capacity: Self.capacity)
  private let ending = Inbox<Duration>(capacity: 1)
  private let dropped = DropCounter()

  private final class DropCounter: Sendable {
    let count = Atomic<Int>(0)
    /// Whether the log has been told that Events are refused, and none was written since.
    let isTold = Atomic<Bool>(false)
  }

  /// `component` is who reports: `metallb-controller` or `metallb-speaker`.
  package init(_ client: KubernetesClient, component: String, logger: Logger) {
    self.client = client
    self.component = component
    self.logger = logger
  }

  /// Events that were given up for want of room or of an answer.
  package var droppedCount: Int { self.dropped.count.load(ordering: .relaxed) }

  /// `type` is `Normal` or `Warning`.
  package func record(about object: ObjectReference, type: String, reason: String, message: String) {
    let occurrence = EventCorrelator.Occurrence(object: object, type: type, reason: reason, message: message)
    if !self.inbox.trySend(occurrence) { self.dropped.count.add(1, ordering: .relaxed) }
  }

  /// Writes what is recorded while `body` runs, and what is left then for at most `grace`.
  package func run(grace: Duration, during body: @Sendable @escaping () async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await self.run() }
      group.addTask {
        defer { self.finish(within: grace) }
        try await body()
      }
      try await group.waitForAll()
    }
  }

  /// No more is recorded; what is left may be written for a while, and is dropped then.
  private func finish(within grace: Duration) {
    _ = self.ending.trySend(grace)
    self.inbox.finish()
  }

  private func run() async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.writeAll() }
      group.addTask {
        guard let grace = await self.ending.next(before: nil, on: ContinuousClock()) else { return }
        try? await ContinuousClock().sleep(for: grace)
        if !Task.isCancelled { self.logger.warning("not all events could be written before the end") }
      }
      await group.next()
      group.cancelAll()
    }
  }

  /// Writes until the task is cancelled, or all is written after the last was recorded.
  private func writeAll() async {
    let lanes = (0..<Self.lanes).map { _ in Inbox<EventCorrelator.Verdict>(capacity: 256) }
    await withDiscardingTaskGroup { group in
      for lane in lanes {
        group.addTask {
          while !Task.isCancelled, !lane.isFinished {
            guard let verdict = await lane.next(before: nil, on: ContinuousClock()) else { continue }
            await self.write(verdict)
          }
        }
      }
      var correlator = EventCorrelator(component: self.component)
      while !Task.isCancelled, !self.inbox.isFinished {
        guard let occurrence = await self.inbox.next(before: nil, on: ContinuousClock()) else { continue }
        let time = Timestamp(microseconds: Time.wallMicroseconds)
        let verdict = correlator.correlate(occurrence, time: time, at: Time.now)
        if verdict == .drop { continue }
        let lane = Int(UInt(bitPattern: occurrence.object.uid.hashValue) % UInt(lanes.count))
        await lanes[lane].send(verdict)
      }
      for lane in lanes { lane.finish() }
    }
  }

  private func write(_ verdict: EventCorrelator.Verdict) async {
    var backoff = Backoff(base: .milliseconds(500), limit: .seconds(10), seed: UInt64(Time.wallMicroseconds))
    // An API server that starts refuses everything for a moment; one that has refused for good is not asked twice.
    let isPatient = !self.dropped.isTold.load(ordering: .relaxed)
    for attempt in 1...Self.attempts {
      do throws(APIError) {
        try await self.attempt(verdict)
        self.dropped.isTold.store(false, ordering: .relaxed)
        return
      } catch {
        if error == .cancelled || Task.isCancelled { return }
        // The first attempt came through although its answer was lost.
        if error.isAlreadyExists { return }
        self.logger.debug("cannot write an event", metadata: ["reason": .string(error.description)])
        self.complain(about: error)
        guard attempt < Self.attempts,
          error.isTransient || isPatient && error.isRejection && !Self.isEndOfNamespace(error)
        else { break }
        try? await ContinuousClock().sleep(for: backoff.next())
      }
    }
    self.dropped.count.add(1, ordering: .relaxed)
  }

  /// An object in a namespace that is being deleted gets no more Events, and nobody is there to read them.
  private static func isEndOfNamespace(_ error: APIError) -> Bool { error.description.contains("being terminated") }

  /// Says once that Events are refused.
  private func complain(about error: APIError) {
    guard error.isForbidden, !Self.isEndOfNamespace(error),
      !self.dropped.isTold.exchange(true, ordering: .relaxed)
    else { return }
    self.logger.warning(
      "Events are not written, so that users are not told what becomes of their objects",
      metadata: ["reason": .string(error.description)])
  }

  private func attempt(_ verdict: EventCorrelator.Verdict) async throws(APIError) {
    switch verdict {
    case .drop: break
    case .create(let event): try await self.client.create(event)
    case .count(let event, let patch):
      do throws(APIError) {
        try await self.client.patch(Event.self, event.key, with: .strategic(patch))
      } catch {
        // Events live for an hour; what is counted up may be gone.
        guard error.isNotFound else { throw error }
        try await self.client.create(event)
      }
    }
  }
}
