/// An IPv6 address without a zone.
package struct IPv6Address: Sendable, Hashable, Comparable {
  // Two words, not one number of 128 bits: Swift 6.3 can hand over a structure that holds such a number misaligned, which
  // ends the process.
  private var high: UInt64
  private var low: UInt64

  package init(bits: UInt128) {
    self.high = UInt64(truncatingIfNeeded: bits >> 64)
    self.low = UInt64(truncatingIfNeeded: bits)
  }

  /// The address as a number in host order: ::1 is 1.
  package var bits: UInt128 {
    get { UInt128(self.high) << 64 | UInt128(self.low) }
    set { self = IPv6Address(bits: newValue) }
  }

  /// Reads the text forms of RFC 4291 section 2.2 as Go's `netip.ParseAddr` does: groups of one to four hexadecimal
  /// digits, at most one `::` that stands for at least one group, an optional dotted quad at the end, no zone.
  package init?(_ text: some StringProtocol) {
    let bytes = Array(text.utf8)
    var groups: [UInt16] = []
    var gap: Int?
    var position = 0
    if bytes.starts(with: [.colon, .colon]) {
      gap = 0
      position = 2
      if bytes.count == 2 {
        self.init(bits: 0)
        return
      }
    }
    while position < bytes.count {
      guard groups.count < 8 else { return nil }
      let end = bytes[position...].firstIndex { $0 == .colon } ?? bytes.count
      let field = bytes[position..<end]
      if field.contains(UInt8(ascii: ".")) {
        guard end == bytes.count, groups.count <= 6, let quad = IPv4Address.bits(of: field) else { return nil }
        groups.append(UInt16(quad >> 16))
        groups.append(UInt16(quad & 0xFFFF))
        position = end
        break
      }
      guard (1...4).contains(field.count), let group = Self.group(field) else { return nil }
      groups.append(group)
      guard end < bytes.count else {
        position = end
        break
      }
      position = end + 1
      guard position < bytes.count else { return nil }  // a single trailing colon
      if bytes[position] == .colon {
        guard gap == nil else { return nil }
        gap = groups.count
        position += 1
      }
    }
    if let gap {
      guard groups.count < 8 else { return nil }
      groups.insert(contentsOf: repeatElement(0, count: 8 - groups.count), at: gap)
    }
    guard groups.count == 8 else { return nil }
    self.init(bits: groups.reduce(0) { $0 << 16 | UInt128($1) })
  }

  /// The sixteen octets in network order.
  package var octets: [UInt8] {
    (0..<16).map { UInt8(truncatingIfNeeded: self.bits >> UInt128(8 * (15 - $0))) }
  }

  /// Takes the sixteen octets in network order; nil if there are not exactly sixteen.
  package init?(octets: some Collection<UInt8>) {
    guard octets.count == 16 else { return nil }
    self.init(bits: octets.reduce(0) { $0 << 8 | UInt128($1) })
  }

  /// The IPv4 address inside an IPv4-mapped one (::ffff:0:0/96, RFC 4291 section 2.5.5.2), else nil.
  package var mappedIPv4: IPv4Address? {
    self.bits >> 32 == 0xFFFF ? IPv4Address(bits: UInt32(truncatingIfNeeded: self.bits)) : nil
  }

  package var isLinkLocal: Bool { self.bits >> 118 == 0xFE80 >> 6 }

  package static func < (left: IPv6Address, right: IPv6Address) -> Bool { left.bits < right.bits }

  private static func group(_ field: ArraySlice<UInt8>) -> UInt16? {
    var value: UInt16 = 0
    for byte in field {
      let digit: UInt8
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
      default: return nil
      }
      value = value << 4 | UInt16(digit)
    }
    return value
  }
}

extension IPv6Address: CustomStringConvertible {
  /// The canonical text form of RFC 5952: lower case, no leading zeros, the longest run of at least two zero groups
  /// (the first of equals) as `::`, a mapped IPv4 address as a dotted quad.
  package var description: String {
    if let mapped = self.mappedIPv4 { return "::ffff:\(mapped)" }
    let groups = (0..<8).map { UInt16(truncatingIfNeeded: self.bits >> UInt128(16 * (7 - $0))) }
    var longest = 0..<0
    var start = 0
    while start < 8 {
      guard groups[start] == 0 else {
        start += 1
        continue
      }
      let end = groups[start...].firstIndex { $0 != 0 } ?? 8
      if end - start > max(longest.count, 1) { longest = start..<end }
      start = end
    }
    func text(_ range: Range<Int>) -> String {
      groups[range].map { String($0, radix: 16) }.joined(separator: ":")
    }
    return longest.isEmpty ? text(0..<8) : text(0..<longest.lowerBound) + "::" + text(longest.upperBound..<8)
  }
}

extension UInt8 {
  fileprivate static var colon: UInt8 { UInt8(ascii: ":") }
}
