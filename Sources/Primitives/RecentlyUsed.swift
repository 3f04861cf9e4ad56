/// A dictionary that forgets what has not been used for longest, so that it never grows past its capacity.
///
/// When it is full, the older half goes in one sweep, which makes an insertion cheap on average.
package struct RecentlyUsed<Key: Hashable, Value> {
  private let capacity: Int
  private var entries: [Key: (value: Value, usedAt: UInt64)] = [:]
  private var clock: UInt64 = 0

  package init(capacity: Int) {
    self.capacity = capacity
  }

  package var count: Int { self.entries.count }

  /// The value, which counts as a use when it is written.
  package subscript(_ key: Key) -> Value? {
    get { self.entries[key]?.value }
    set {
      guard let newValue else {
        self.entries[key] = nil
        return
      }
      self.clock += 1
      self.entries[key] = (newValue, self.clock)
      if self.entries.count > self.capacity { self.forgetOlderHalf() }
    }
  }

  /// Forgets all whose value is of no use any more; looks at every one.
  package mutating func forget(where isUseless: (Value) -> Bool) {
    self.entries = self.entries.filter { !isUseless($0.value.value) }
  }

  private mutating func forgetOlderHalf() {
    let uses = self.entries.values.map(\.usedAt).sorted()
    let median = uses[uses.count / 2]
    self.entries = self.entries.filter { $0.value.usedAt >= median }
  }
}
