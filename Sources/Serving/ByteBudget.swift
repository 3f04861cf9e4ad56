import Synchronization

/// How much memory the requests of one server may fill together, so that many large ones cannot use up the machine's.
final class ByteBudget: Sendable {
  private let left: Mutex<Int>

  init(limit: Int) {
    self.left = Mutex(limit)
  }

  /// False = it is used up, and nothing was taken.
  func take(_ count: Int) -> Bool {
    self.left.withLock { left in
      guard count <= left else { return false }
      left -= count
      return true
    }
  }

  func giveBack(_ count: Int) {
    self.left.withLock { $0 += count }
  }
}
