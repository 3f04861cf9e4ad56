/// How much this node doubts itself (Lifeguard): each sign that it hears badly makes it more patient with others.
struct Awareness: Sendable, Hashable {
  private let limit: Int
  /// 0 = all is well.
  private(set) var score = 0

  init(limit: Int) {
    self.limit = limit
  }

  mutating func apply(_ delta: Int) {
    self.score = min(max(0, self.score + delta), max(0, self.limit - 1))
  }

  func scaled(_ timeout: Duration) -> Duration { timeout * (self.score + 1) }
}
