import HeapModule

/// Times at which something is due for an object or an address, lowest first, and in their order among equals.
///
/// An alarm is not taken back; whoever set it looks whether it still matters when it goes off.
struct Alarms<Key: Comparable & Sendable>: Sendable {
  private struct Alarm: Sendable, Comparable {
    var at: ContinuousClock.Instant
    var key: Key

    static func < (left: Alarm, right: Alarm) -> Bool {
      left.at == right.at ? left.key < right.key : left.at < right.at
    }
  }

  private var heap = Heap<Alarm>()

  /// The earliest.
  var first: ContinuousClock.Instant? { self.heap.min?.at }

  mutating func set(_ instant: ContinuousClock.Instant, for key: Key) {
    self.heap.insert(Alarm(at: instant, key: key))
  }

  /// Takes out the earliest, if it is due.
  mutating func next(at now: ContinuousClock.Instant) -> Key? {
    guard let first = self.heap.min, first.at <= now else { return nil }
    return self.heap.popMin()?.key
  }
}

extension Alarms: Equatable {
  static func == (left: Alarms, right: Alarms) -> Bool {
    left.heap.unordered.sorted() == right.heap.unordered.sorted()
  }
}
