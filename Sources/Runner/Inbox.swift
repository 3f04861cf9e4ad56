import DequeModule
import Synchronization

/// A bounded queue with many senders and one reader: the door of a run loop.
///
/// A full inbox suspends its senders, in order, so that whoever reads a socket or a stream stops reading instead of
/// queueing without limit. Nothing is lost and nothing overtakes.
package final class Inbox<Element: Sendable>: Sendable {
  private struct WaitingSender {
    let id: UInt64
    let element: Element
    let resume: CheckedContinuation<Bool, Never>
  }

  private struct State {
    var elements: Deque<Element> = []
    var senders: Deque<WaitingSender> = []
    var reader: CheckedContinuation<Void, Never>?
    var nextSender: UInt64 = 0
    var isFinished = false

    mutating func takeReader() -> CheckedContinuation<Void, Never>? {
      defer { self.reader = nil }
      return self.reader
    }
  }

  /// How many elements wait at most before senders do.
  package let capacity: Int
  private let state = Mutex(State())

  package init(capacity: Int = 1024) {
    precondition(capacity > 0, "an inbox holds at least one element")
    self.capacity = capacity
  }

  /// How many elements wait to be read, for metrics.
  package var count: Int { self.state.withLock { $0.elements.count } }

  /// Puts an element in, after waiting for room. False: the sender was cancelled or the inbox is finished, and the element
  /// is dropped.
  @discardableResult
  package func send(_ element: Element) async -> Bool {
    switch self.offer(element) {
    case .accepted: return true
    case .finished: return false
    case .full: break
    }
    let id = self.state.withLock { state in
      state.nextSender += 1
      return state.nextSender
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let (answer, reader) = self.state.withLock { state -> (Bool?, CheckedContinuation<Void, Never>?) in
          if state.isFinished || Task.isCancelled { return (false, nil) }
          if state.elements.count < self.capacity && state.senders.isEmpty {
            state.elements.append(element)
            return (true, state.takeReader())
          }
          state.senders.append(WaitingSender(id: id, element: element, resume: continuation))
          return (nil, nil)
        }
        if let answer { continuation.resume(returning: answer) }
        reader?.resume()
      }
    } onCancel: {
      let waiting = self.state.withLock { state -> WaitingSender? in
        guard let index = state.senders.firstIndex(where: { $0.id == id }) else { return nil }
        return state.senders.remove(at: index)
      }
      waiting?.resume.resume(returning: false)
    }
  }

  /// Puts an element in if there is room now; for callers that cannot wait, such as channel handlers, and that can say
  /// what happens to an element that does not fit.
  package func trySend(_ element: Element) -> Bool {
    self.offer(element) == .accepted
  }

  /// No more elements: senders get false, the reader gets what is left and then nil.
  package func finish() {
    let (senders, reader) = self.state.withLock { state in
      state.isFinished = true
      defer { state.senders = [] }
      return (state.senders, state.takeReader())
    }
    for sender in senders { sender.resume.resume(returning: false) }
    reader?.resume()
  }

  package var isFinished: Bool { self.state.withLock { $0.isFinished && $0.elements.isEmpty } }

  /// The next element, or nil when `deadline` has come, the caller is cancelled or the inbox is finished. One reader.
  package func next<C: Clock>(before deadline: ContinuousClock.Instant?, on clock: C) async -> Element?
  where C.Instant == ContinuousClock.Instant {
    if let element = self.take() { return element }
    guard let deadline else {
      await self.waitForElement()
      return self.take()
    }
    guard deadline > clock.now else { return nil }
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        try? await clock.sleep(until: deadline, tolerance: .zero)
        self.wakeReader()
      }
      await self.waitForElement()
      group.cancelAll()
    }
    return self.take()
  }

  private enum Offer { case accepted, full, finished }

  private func offer(_ element: Element) -> Offer {
    let (offer, reader) = self.state.withLock { state -> (Offer, CheckedContinuation<Void, Never>?) in
      if state.isFinished { return (.finished, nil) }
      guard state.elements.count < self.capacity && state.senders.isEmpty else { return (.full, nil) }
      state.elements.append(element)
      return (.accepted, state.takeReader())
    }
    reader?.resume()
    return offer
  }

  private func take() -> Element? {
    let (element, sender) = self.state.withLock { state -> (Element?, WaitingSender?) in
      guard let element = state.elements.popFirst() else { return (nil, nil) }
      let sender = state.senders.popFirst()
      if let sender { state.elements.append(sender.element) }
      return (element, sender)
    }
    sender?.resume.resume(returning: true)
    return element
  }

  private func waitForElement() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isReady = self.state.withLock { state -> Bool in
          if !state.elements.isEmpty || state.isFinished || Task.isCancelled { return true }
          precondition(state.reader == nil, "an inbox has one reader")
          state.reader = continuation
          return false
        }
        if isReady { continuation.resume() }
      }
    } onCancel: {
      self.wakeReader()
    }
  }

  private func wakeReader() {
    self.state.withLock { $0.takeReader() }?.resume()
  }
}
