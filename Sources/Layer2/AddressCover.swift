import Primitives

/// A few ranges that contain all of many addresses of one family, and as little else as that allows.
///
/// It is what the kernel can be told about the announced addresses: a filter has room for some comparisons, not for a
/// table. Asking for an address inside costs a wake-up, asking for one outside costs nothing. Addresses count by their
/// last 32 bits, which is all of IPv4; of IPv6 the network device itself passes only what agrees in the last 24.
package struct AddressCover: Sendable, Hashable {
  /// Sorted; no two touch.
  package private(set) var ranges: [ClosedRange<UInt32>] = []

  /// How many ranges there are at most; more cost more per frame than a needless wake-up.
  package static let maximumRanges = 48

  /// Ranges grow by aligned blocks of this many addresses, so that addresses given out one after the other do not each
  /// change the cover.
  private static let blockSize: UInt32 = 16

  package init() {}

  package init(_ addresses: some Sequence<IPAddress>) {
    for address in addresses.sorted() { self.include(address) }
  }

  package func contains(_ address: IPAddress) -> Bool {
    let key = Self.key(address)
    return self.ranges.contains { $0.contains(key) }
  }

  /// Makes the cover contain an address; false if it did.
  @discardableResult
  package mutating func include(_ address: IPAddress) -> Bool {
    guard !self.contains(address) else { return false }
    let first = Self.key(address) & ~(Self.blockSize - 1)
    let last = first | (Self.blockSize - 1)
    // An index and not a search for overlaps: blocks are aligned, so a new one overlaps nothing.
    let index = self.ranges.firstIndex { $0.lowerBound > last } ?? self.ranges.count
    self.ranges.insert(first...last, at: index)
    if index + 1 < self.ranges.count, self.gap(after: index) == 0 { self.join(index) }
    if index > 0, self.gap(after: index - 1) == 0 { self.join(index - 1) }
    if self.ranges.count > Self.maximumRanges,
      let narrowest = self.ranges.indices.dropLast().min(by: { self.gap(after: $0) < self.gap(after: $1) })
    {
      self.join(narrowest)
    }
    return true
  }

  private static func key(_ address: IPAddress) -> UInt32 { UInt32(truncatingIfNeeded: address.bits) }

  /// The number of addresses between a range and the next.
  private func gap(after index: Int) -> UInt32 {
    self.ranges[index + 1].lowerBound - self.ranges[index].upperBound - 1
  }

  /// Makes one range of two and what is between them.
  private mutating func join(_ index: Int) {
    let next = self.ranges.remove(at: index + 1)
    self.ranges[index] = self.ranges[index].lowerBound...next.upperBound
  }
}
