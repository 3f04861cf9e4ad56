/// A 48-bit Ethernet hardware address.
package struct MACAddress: Sendable, Hashable, Comparable {
  /// The address as a number in host order, in the low 48 bits.
  package let bits: UInt64

  package static let broadcast = MACAddress(bits: 0xFFFF_FFFF_FFFF)

  package init(bits: UInt64) {
    self.bits = bits & 0xFFFF_FFFF_FFFF
  }

  /// Takes the six octets in network order; nil if there are not exactly six.
  package init?(octets: some Collection<UInt8>) {
    guard octets.count == 6 else { return nil }
    self.bits = octets.reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// Reads six colon-separated pairs of hexadecimal digits.
  package init?(_ text: some StringProtocol) {
    let fields = text.split(separator: ":", omittingEmptySubsequences: false)
    guard fields.count == 6, fields.allSatisfy({ $0.utf8.count == 2 && $0.allSatisfy(\.isHexDigit) }) else {
      return nil
    }
    self.init(octets: fields.compactMap { UInt8($0, radix: 16) })
  }

  /// The six octets in network order.
  package var octets: [UInt8] {
    (0..<6).map { UInt8(truncatingIfNeeded: self.bits >> UInt64(8 * (5 - $0))) }
  }

  package var isMulticast: Bool { self.bits >> 40 & 1 == 1 }

  package static func < (left: MACAddress, right: MACAddress) -> Bool { left.bits < right.bits }
}

extension MACAddress: CustomStringConvertible {
  package var description: String {
    self.octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: ":")
  }
}
