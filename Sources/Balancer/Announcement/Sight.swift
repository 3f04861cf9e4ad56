/// Whether this node follows what elections read, or may have missed some of it.
struct Sight: Sendable, Equatable {
  /// How long it takes, once a watch is there again, until what was missed has come.
  static let catchUpTime = Duration.seconds(1)

  private var lost: Set<SpeakerState.Source> = []
  /// When it will be clear, if nothing happens; nil = it is, or something is lost.
  private(set) var nextDeadline: ContinuousClock.Instant?

  var isClear: Bool { self.lost.isEmpty && self.nextDeadline == nil }

  /// The watch of one kind of objects has broken, or is there again.
  mutating func note(_ source: SpeakerState.Source, isFollowed: Bool, at now: ContinuousClock.Instant) {
    if isFollowed {
      guard self.lost.remove(source) != nil, self.lost.isEmpty else { return }
      self.nextDeadline = now + Self.catchUpTime
    } else {
      self.lost.insert(source)
      self.nextDeadline = nil
    }
  }

  /// Whether it has become clear just now.
  mutating func clear(at now: ContinuousClock.Instant) -> Bool {
    guard let nextDeadline, nextDeadline <= now else { return false }
    self.nextDeadline = nil
    return true
  }
}
