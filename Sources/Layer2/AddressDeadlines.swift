import HeapModule
import Primitives

/// One deadline an address, the earliest found first.
///
/// What is due costs what is due, not what is kept: deadlines lie in a heap. An entry of the heap counts only while it is
/// the deadline of its address; replaced ones are skipped, and swept out before they outnumber the rest, so that an
/// address that comes and goes leaves no trail.
struct AddressDeadlines: Sendable {
  private struct Entry: Sendable, Comparable {
    let at: ContinuousClock.Instant
    let address: IPAddress

    static func < (left: Entry, right: Entry) -> Bool {
      left.at == right.at ? left.address < right.address : left.at < right.at
    }
  }

  private var current: [IPAddress: ContinuousClock.Instant] = [:]
  private var heap = Heap<Entry>()

  /// The earliest of all.
  var next: ContinuousClock.Instant? { self.heap.min?.at }

  /// How many entries are kept, those that no longer count included.
  var pending: Int { self.heap.count }

  subscript(address: IPAddress) -> ContinuousClock.Instant? { self.current[address] }

  /// Puts a deadline in place of the address's former one; nil = none.
  mutating func set(_ address: IPAddress, to deadline: ContinuousClock.Instant?) {
    self.current[address] = deadline
    if let deadline { self.heap.insert(Entry(at: deadline, address: address)) }
    self.sweep()
  }

  /// Takes out the address whose deadline is the earliest, if it has come; the address has none then.
  mutating func takeDue(at now: ContinuousClock.Instant) -> IPAddress? {
    guard let first = self.heap.min, first.at <= now else { return nil }
    self.heap.removeMin()
    self.current[first.address] = nil
    self.sweep()
    return first.address
  }

  /// Makes the front of the heap count, so that `next` is true, and all of it once most of it does not.
  private mutating func sweep() {
    if self.heap.count > 2 * self.current.count + 64 {
      self.heap = Heap(self.heap.unordered.filter { self.counts($0) })
    }
    while let first = self.heap.min, !self.counts(first) { self.heap.removeMin() }
  }

  private func counts(_ entry: Entry) -> Bool { self.current[entry.address] == entry.at }
}

extension AddressDeadlines: Equatable {
  /// Entries that no longer count make no difference.
  static func == (left: AddressDeadlines, right: AddressDeadlines) -> Bool { left.current == right.current }
}
