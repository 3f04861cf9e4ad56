import KubernetesModel

/// Times at which something is due for an object: a binary heap, lowest first.
///
/// An alarm is not taken back; whoever set it looks whether it still matters when it goes off.
struct Alarms: Sendable, Equatable {
  private struct Alarm: Sendable, Equatable, Comparable {
    var at: ContinuousClock.Instant
    var key: ObjectKey

    static func < (left: Alarm, right: Alarm) -> Bool { (left.at, left.key) < (right.at, right.key) }
  }

  private var heap: [Alarm] = []

  /// The earliest.
  var first: ContinuousClock.Instant? { self.heap.first?.at }

  mutating func set(_ instant: ContinuousClock.Instant, for key: ObjectKey) {
    self.heap.append(Alarm(at: instant, key: key))
    var child = self.heap.count - 1
    while child > 0, self.heap[child] < self.heap[(child - 1) / 2] {
      self.heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  /// Takes out the earliest, if it is due.
  mutating func next(at now: ContinuousClock.Instant) -> ObjectKey? {
    guard let first = self.heap.first, first.at <= now else { return nil }
    let last = self.heap.removeLast()
    guard !self.heap.isEmpty else { return first.key }
    self.heap[0] = last
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2]
      where child < self.heap.count && self.heap[child] < self.heap[least] {
        least = child
      }
      guard least != parent else { return first.key }
      self.heap.swapAt(parent, least)
      parent = least
    }
  }
}
