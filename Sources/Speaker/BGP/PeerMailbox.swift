import BGP
import Primitives
import Runner
import Synchronization

/// What waits for a peer's loop: facts and commands in their order, and routes, of which the latest of a prefix counts.
///
/// Nobody who puts something in waits. What a router sends is bounded all the same: its connection stops reading when there
/// is no room, and goes on when there is.
final class PeerMailbox: Sendable {
  private struct State {
    var events: [Peer.Event] = []
    var frameCount = 0
    var routes: [IPPrefix: Route?] = [:]
    /// Those that wait for room.
    var readers: [@Sendable () -> Void] = []
    var isClosed = false
  }

  /// How many messages of the router may wait.
  static let frameLimit = 256

  private let state = Mutex(State())
  /// Wakes the loop.
  private let changes: Inbox<Void>
  /// For those who ask for a sign of life.
  private let window: Window<Void>

  init() {
    let changes = Inbox<Void>(capacity: 1)
    self.changes = changes
    self.window = Window { _ = changes.trySend(()) }
  }

  /// Puts in what a connection reports; there are few of these.
  func post(_ event: Peer.Event) {
    self.state.withLock { $0.events.append(event) }
    _ = self.changes.trySend(())
  }

  /// Puts in what the process wants; nothing any more once the loop says goodbye.
  func command(_ event: Peer.Event) {
    self.state.withLock { state in
      if !state.isClosed { state.events.append(event) }
    }
    _ = self.changes.trySend(())
  }

  /// Has the loop come round, as something else than events waits for it.
  func wake() { _ = self.changes.trySend(()) }

  /// Puts in a message of the router. False: there is no room; `resume` is called when there is.
  func offer(_ event: Peer.Event, resume: @escaping @Sendable () -> Void) -> Bool {
    let isTaken = self.state.withLock { state in
      guard state.frameCount < Self.frameLimit else {
        state.readers.append(resume)
        return false
      }
      state.frameCount += 1
      state.events.append(event)
      return true
    }
    if isTaken { _ = self.changes.trySend(()) }
    return isTaken
  }

  /// Puts in what the router should have of some prefixes.
  func change(_ routes: [IPPrefix: Route?]) {
    self.state.withLock { state in
      guard !state.isClosed else { return }
      // A change for several routers is in memory once.
      if state.routes.isEmpty { state.routes = routes } else { state.routes.merge(routes) { $1 } }
    }
    _ = self.changes.trySend(())
  }

  /// Commands and routes are of no interest any more, nor are signs of life.
  func close() {
    self.state.withLock { state in
      state.isClosed = true
      state.routes = [:]
    }
    self.window.close()
  }

  /// Returns when the loop has come round to it, or says goodbye.
  func turn() async {
    _ = await self.window.look { () }
  }

  /// Whether the loop has been asked for a sign of life, and has not given it.
  var isAskedToTurn: Bool { self.window.isAwaited }

  /// Waits until there is something, `deadline` has come or the task is cancelled.
  func wait(until deadline: ContinuousClock.Instant?) async {
    _ = await self.changes.next(before: deadline, on: ContinuousClock())
  }

  /// Takes everything out.
  func take() -> [Peer.Event] {
    self.window.open(on: ())
    let (events, readers) = self.state.withLock { state in
      var events = state.events
      if !state.routes.isEmpty { events.append(.routes(state.routes)) }
      let readers = state.readers
      let isClosed = state.isClosed
      state = State()
      state.isClosed = isClosed
      return (events, readers)
    }
    for resume in readers { resume() }
    return events
  }
}
