/// A set of addresses, kept as sorted, disjoint, non-adjacent ranges: its cost follows the number of ranges, never the
/// number of addresses, so a /8 or a /32 of IPv6 is as cheap as a single address.
package struct IPRangeSet: Sendable, Hashable {
  /// Sorted by family and address; no two touch.
  package private(set) var ranges: [IPRange] = []

  package init() {}

  package init(_ ranges: some Sequence<IPRange>) {
    self.ranges = Self.normalized(Array(ranges))
  }

  package var isEmpty: Bool { self.ranges.isEmpty }

  /// The number of addresses of one family, saturating at `UInt128.max`.
  package func count(of family: IPFamily) -> UInt128 {
    self.ranges.lazy.filter { $0.family == family }.reduce(0) { total, range in
      let (sum, overflow) = total.addingReportingOverflow(range.count)
      return overflow ? .max : sum
    }
  }

  /// O(log n) in the number of ranges.
  package func contains(_ address: IPAddress) -> Bool {
    let index = self.firstIndex(notBefore: address)
    return index < self.ranges.count && self.ranges[index].contains(address)
  }

  package func union(_ other: IPRangeSet) -> IPRangeSet {
    IPRangeSet(self.ranges + other.ranges)
  }

  package func intersection(_ other: IPRangeSet) -> IPRangeSet {
    var result: [IPRange] = []
    var (mine, theirs) = (0, 0)
    while mine < self.ranges.count, theirs < other.ranges.count {
      let (left, right) = (self.ranges[mine], other.ranges[theirs])
      if left.overlaps(right) {
        result.append(
          IPRange(family: left.family, lower: max(left.lower, right.lower), upper: min(left.upper, right.upper)))
      }
      if left.last < right.last { mine += 1 } else { theirs += 1 }
    }
    var set = IPRangeSet()
    set.ranges = result
    return set
  }

  package func subtracting(_ other: IPRangeSet) -> IPRangeSet {
    var result: [IPRange] = []
    var theirs = 0
    for range in self.ranges {
      while theirs < other.ranges.count, other.ranges[theirs].last < range.first { theirs += 1 }
      var lower: UInt128? = range.lower
      var cut = theirs
      while let start = lower, cut < other.ranges.count, other.ranges[cut].overlaps(range) {
        let hole = other.ranges[cut]
        if hole.lower > start { result.append(IPRange(family: range.family, lower: start, upper: hole.lower - 1)) }
        lower = hole.upper < range.upper ? max(start, hole.upper + 1) : nil
        cut += 1
      }
      if let lower { result.append(IPRange(family: range.family, lower: lower, upper: range.upper)) }
    }
    var set = IPRangeSet()
    set.ranges = result
    return set
  }

  /// The index of the first range that does not end before `address`.
  private func firstIndex(notBefore address: IPAddress) -> Int {
    var (low, high) = (0, self.ranges.count)
    while low < high {
      let middle = (low + high) / 2
      if self.ranges[middle].last < address { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private static func normalized(_ ranges: [IPRange]) -> [IPRange] {
    var result: [IPRange] = []
    for range in ranges.sorted(by: { $0.first < $1.first }) {
      if let previous = result.last, previous.family == range.family,
        previous.upper >= range.lower || previous.upper + 1 == range.lower
      {
        let upper = max(previous.upper, range.upper)
        result[result.count - 1] = IPRange(family: range.family, lower: previous.lower, upper: upper)
      } else {
        result.append(range)
      }
    }
    return result
  }
}
