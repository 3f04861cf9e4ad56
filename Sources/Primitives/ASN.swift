/// The number of an autonomous system, two or four octets wide (RFC 6793).
package struct ASN: Sendable, Hashable, Comparable {
  package let number: UInt32

  /// What stands in a two-octet field for a number that does not fit it (RFC 6793 section 9).
  package static let trans = ASN(23_456)

  package init(_ number: UInt32) {
    self.number = number
  }

  /// What an OPEN message carries in its two-octet field: the number itself, or `AS_TRANS`.
  package var twoOctetField: UInt16 { UInt16(exactly: self.number) ?? UInt16(ASN.trans.number) }

  package static func < (left: ASN, right: ASN) -> Bool { left.number < right.number }
}

extension ASN: CustomStringConvertible {
  /// The asplain form of RFC 5396.
  package var description: String { String(self.number) }
}
