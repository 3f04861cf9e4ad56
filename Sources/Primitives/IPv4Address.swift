/// An IPv4 address.
package struct IPv4Address: Sendable, Hashable, Comparable {
  /// The address as a number in host order: 192.0.2.1 is `0xC0000201`.
  package var bits: UInt32

  package init(bits: UInt32) {
    self.bits = bits
  }

  package init(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) {
    self.bits = UInt32(a) << 24 | UInt32(b) << 16 | UInt32(c) << 8 | UInt32(d)
  }

  /// Reads a dotted quad as Go's `netip.ParseAddr` does: four decimal fields of 0 to 255 without leading zeros.
  package init?(_ text: some StringProtocol) {
    guard let bits = Self.bits(of: text.utf8) else { return nil }
    self.bits = bits
  }

  /// The four octets in network order.
  package var octets: [UInt8] {
    [UInt8(self.bits >> 24), UInt8(self.bits >> 16 & 0xFF), UInt8(self.bits >> 8 & 0xFF), UInt8(self.bits & 0xFF)]
  }

  /// Takes the four octets in network order; nil if there are not exactly four.
  package init?(octets: some Collection<UInt8>) {
    guard octets.count == 4 else { return nil }
    self.bits = octets.reduce(0) { $0 << 8 | UInt32($1) }
  }

  package static func < (left: IPv4Address, right: IPv4Address) -> Bool { left.bits < right.bits }

  /// Parses a dotted quad out of bytes; shared with the tail of an IPv6 address (RFC 4291 section 2.2).
  static func bits(of bytes: some Sequence<UInt8>) -> UInt32? {
    var bits: UInt32 = 0
    var fields = 0
    var field: UInt32 = 0
    var digits = 0
    for byte in bytes {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"):
        if digits == 1 && field == 0 { return nil }
        field = field * 10 + UInt32(byte - UInt8(ascii: "0"))
        digits += 1
        if field > 255 { return nil }
      case UInt8(ascii: "."):
        guard digits > 0, fields < 3 else { return nil }
        bits = bits << 8 | field
        fields += 1
        field = 0
        digits = 0
      default:
        return nil
      }
    }
    guard fields == 3, digits > 0 else { return nil }
    return bits << 8 | field
  }
}

extension IPv4Address: CustomStringConvertible {
  package var description: String {
    "\(self.bits >> 24).\(self.bits >> 16 & 0xFF).\(self.bits >> 8 & 0xFF).\(self.bits & 0xFF)"
  }
}
