import Primitives

/// A mark of eight octets on a route (RFC 4360).
package struct ExtendedCommunity: Sendable, Hashable {
  package let rawValue: UInt64

  package init(rawValue: UInt64) {
    self.rawValue = rawValue
  }

  /// How much a route can carry, in bytes a second: non-transitive type 0x40, subtype 4, AS number, IEEE 754 number
  /// (draft-ietf-idr-link-bandwidth). An AS number of four octets appears as `AS_TRANS`.
  package static func linkBandwidth(_ bytesPerSecond: Float, of asn: ASN) -> ExtendedCommunity {
    ExtendedCommunity(
      rawValue: 0x4004 << 48 | UInt64(asn.twoOctetField) << 32 | UInt64(bytesPerSecond.bitPattern))
  }
}
