/// All addresses of one family from a lowest to a highest, both included; never empty.
package struct IPRange: Sendable, Hashable {
  package let family: IPFamily
  /// The lowest address as a number.
  package let lower: UInt128
  /// The highest address as a number; not below `lower`.
  package let upper: UInt128

  /// Nil if the families differ or `first` is after `last`.
  package init?(from first: IPAddress, through last: IPAddress) {
    guard first.family == last.family, first.bits <= last.bits else { return nil }
    self.init(family: first.family, lower: first.bits, upper: last.bits)
  }

  /// For callers that derive the bounds from valid addresses of `family`.
  init(family: IPFamily, lower: UInt128, upper: UInt128) {
    precondition(lower <= upper, "range \(lower) through \(upper) is empty")
    self.family = family
    self.lower = lower
    self.upper = upper
  }

  package var first: IPAddress { self.address(self.lower) }
  package var last: IPAddress { self.address(self.upper) }

  /// The number of addresses, saturating at `UInt128.max` for the whole of IPv6.
  package var count: UInt128 {
    let (count, overflow) = (self.upper - self.lower).addingReportingOverflow(1)
    return overflow ? .max : count
  }

  package func contains(_ address: IPAddress) -> Bool {
    address.family == self.family && (self.lower...self.upper).contains(address.bits)
  }

  package func overlaps(_ other: IPRange) -> Bool {
    self.family == other.family && self.lower <= other.upper && other.lower <= self.upper
  }

  /// The fewest prefixes that cover exactly this range, in ascending order; at most 254.
  package var prefixes: [IPPrefix] {
    var result: [IPPrefix] = []
    var next = self.lower
    while true {
      let aligned = min(next.trailingZeroBitCount, self.family.addressBits)
      // How many host bits fit before `upper`: the largest b with next + 2^b - 1 <= upper.
      let remaining = self.upper - next
      let (size, whole) = remaining.addingReportingOverflow(1)
      let fitting = whole ? 128 : 127 - size.leadingZeroBitCount
      let hostBits = min(aligned, fitting)
      if let prefix = IPPrefix(self.address(next), length: self.family.addressBits - hostBits) {
        result.append(prefix)
      }
      let last = next | IPPrefix.hostMask(hostBits)
      if last >= self.upper { return result }
      next = last + 1
    }
  }

  private func address(_ bits: UInt128) -> IPAddress {
    switch self.family {
    case .ipv4: .v4(IPv4Address(bits: UInt32(truncatingIfNeeded: bits)))
    case .ipv6: .v6(IPv6Address(bits: bits))
    }
  }
}

extension IPRange: CustomStringConvertible {
  package var description: String { "\(self.first)-\(self.last)" }
}
