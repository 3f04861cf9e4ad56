import Runner
import Synchronization

/// Hands on the latest of several values to one reader, who may be slower than the writer: what is overtaken is not read.
final class LatestValue<Value: Sendable>: Sendable {
  private let value = Mutex<Value?>(nil)
  private let news = Inbox<Void>(capacity: 1)

  func put(_ value: Value) {
    self.value.withLock { $0 = value }
    _ = self.news.trySend(())
  }

  /// The latest value that was not read yet, after waiting for one; nil when the task is cancelled.
  func next() async -> Value? {
    while !Task.isCancelled {
      if let value = self.value.withLock({ value in value.take() }) { return value }
      _ = await self.news.next(before: nil, on: ContinuousClock())
    }
    return nil
  }
}
