import Primitives

/// The addresses of one family that a pool may give, numbered from 0 without gaps in the order in which they are given:
/// blocks in the order of the spec, addresses upward (contract section 8.2).
///
/// With `avoidBuggyIPs` the IPv4 addresses that end in .0 and .255 have no number. So "the address that upstream would
/// choose" is simply the lowest number that is not taken, and no search ever steps over an address that cannot be given.
struct AddressNumbering: Sendable, Equatable {
  private struct Block: Sendable, Equatable {
    var range: IPRange
    /// The number of the block's first usable address.
    var start: UInt128
    /// How many usable addresses there are below the block, in the whole of the family.
    var base: UInt128
  }

  let family: IPFamily
  private let avoidsBuggy: Bool
  /// In the order of the spec; only blocks that have a usable address.
  private var blocks: [Block] = []
  /// Indexes of `blocks` by address.
  private var byAddress: [Int] = []
  /// How many addresses have a number; at most `UInt128.max`.
  private(set) var count: UInt128 = 0

  init(_ ranges: [IPRange], family: IPFamily, avoidBuggyIPs: Bool) {
    self.family = family
    self.avoidsBuggy = avoidBuggyIPs && family == .ipv4
    for range in ranges where range.family == family {
      let base = self.usable(below: range.lower)
      let (last, wraps) = self.usable(below: range.upper).addingReportingOverflow(self.isUsable(range.upper) ? 1 : 0)
      guard wraps || last > base else { continue }
      self.blocks.append(Block(range: range, start: self.count, base: base))
      let (count, overflow) = self.count.addingReportingOverflow(wraps ? .max : last - base)
      self.count = overflow ? .max : count
    }
    self.byAddress = self.blocks.indices.sorted { self.blocks[$0].range.lower < self.blocks[$1].range.lower }
  }

  /// The number of an address; nil if the pool may not give it.
  func number(of address: IPAddress) -> UInt128? {
    guard address.family == self.family, self.isUsable(address.bits) else { return nil }
    var (low, high) = (0, self.byAddress.count)
    while low < high {
      let middle = (low + high) / 2
      if self.blocks[self.byAddress[middle]].range.upper < address.bits { low = middle + 1 } else { high = middle }
    }
    guard low < self.byAddress.count else { return nil }
    let block = self.blocks[self.byAddress[low]]
    guard block.range.contains(address) else { return nil }
    return block.start + (self.usable(below: address.bits) - block.base)
  }

  /// The address that has a number; nil if it is past the last.
  func address(at number: UInt128) -> IPAddress? {
    guard number < self.count else { return nil }
    var (low, high) = (0, self.blocks.count)
    while low < high {
      let middle = (low + high) / 2
      if self.blocks[middle].start <= number { low = middle + 1 } else { high = middle }
    }
    let block = self.blocks[low - 1]
    let index = block.base + (number - block.start)
    return IPAddress(self.family, bits: self.avoidsBuggy ? (index / 254) << 8 | (index % 254 + 1) : index)
  }

  private func isUsable(_ bits: UInt128) -> Bool {
    !self.avoidsBuggy || (bits & 0xFF != 0 && bits & 0xFF != 0xFF)
  }

  /// How many usable addresses of the family are below this one, which need not be usable itself.
  private func usable(below bits: UInt128) -> UInt128 {
    guard self.avoidsBuggy else { return bits }
    let octet = bits & 0xFF
    return (bits >> 8) * 254 + (octet == 0 ? 0 : octet - 1)
  }
}
