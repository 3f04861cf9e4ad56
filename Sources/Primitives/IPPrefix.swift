/// A block of addresses that share their first `length` bits, in CIDR notation; host bits are always zero.
package struct IPPrefix: Sendable, Hashable, Comparable {
  /// The lowest address of the block.
  package let address: IPAddress
  /// The number of fixed bits: 0...32 or 0...128.
  package let length: Int

  /// Masks off the host bits of `address`; nil if the length is out of the family's range.
  package init?(_ address: IPAddress, length: Int) {
    let width = address.family.addressBits
    guard (0...width).contains(length),
      let masked = IPAddress(address.family, bits: address.bits & ~Self.hostMask(width - length))
    else { return nil }
    self.address = masked
    self.length = length
  }

  /// Reads `address/length` as Go's `net.ParseCIDR` does: host bits are masked off; an IPv4-mapped prefix of at least
  /// 96 bits is the IPv4 prefix.
  package init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[1].isEmpty, parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let length = Int(parts[1])
    else { return nil }
    if let address = IPv4Address(parts[0]) {
      self.init(.v4(address), length: length)
    } else if let address = IPv6Address(parts[0]) {
      if let mapped = address.mappedIPv4, length >= 96 {
        self.init(.v4(mapped), length: length - 96)
      } else {
        self.init(.v6(address), length: length)
      }
    } else {
      return nil
    }
  }

  package var family: IPFamily { self.address.family }

  /// The number of bits that vary inside the block.
  package var hostBits: Int { self.family.addressBits - self.length }

  /// All addresses of the block.
  package var range: IPRange { IPRange(family: self.family, lower: self.address.bits, upper: self.upperBits) }

  package func contains(_ address: IPAddress) -> Bool {
    address.family == self.family && (self.address.bits...self.upperBits).contains(address.bits)
  }

  package func contains(_ other: IPPrefix) -> Bool {
    other.length >= self.length && self.contains(other.address)
  }

  package func overlaps(_ other: IPPrefix) -> Bool {
    self.contains(other) || other.contains(self)
  }

  package static func < (left: IPPrefix, right: IPPrefix) -> Bool {
    left.address == right.address ? left.length < right.length : left.address < right.address
  }

  private var upperBits: UInt128 { self.address.bits | Self.hostMask(self.hostBits) }

  /// The lowest `bits` bits set.
  static func hostMask(_ bits: Int) -> UInt128 {
    bits >= 128 ? .max : (1 << UInt128(bits)) - 1
  }
}

extension IPPrefix: CustomStringConvertible {
  package var description: String { "\(self.address)/\(self.length)" }
}
