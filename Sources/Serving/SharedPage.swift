/// A page that is made once for all who ask while it is being made: a storm of scrapes costs what one after the other does.
actor SharedPage {
  private let make: @Sendable () async -> String?
  /// Those who wait for the page that is being made; nil = none is.
  private var waiting: [CheckedContinuation<String?, Never>]?

  init(make: @escaping @Sendable () async -> String?) {
    self.make = make
  }

  /// Nil = the process stops, or the caller has gone.
  func text() async -> String? {
    while self.waiting != nil {
      let text = await withCheckedContinuation { self.waiting?.append($0) }
      // Whoever made it may have gone in the middle of it: then the next one does.
      if text != nil || Task.isCancelled { return text }
    }
    self.waiting = []
    let text = await self.make()
    let waiting = self.waiting ?? []
    self.waiting = nil
    for continuation in waiting { continuation.resume(returning: text) }
    return text
  }
}
