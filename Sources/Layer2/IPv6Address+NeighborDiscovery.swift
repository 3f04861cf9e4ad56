import Primitives

/// The addresses that Neighbor Discovery works with (RFC 4291 sections 2.5.2, 2.7.1; RFC 2464 section 7).
extension IPv6Address {
  /// The source of a probe by a host that has no address yet.
  package static let unspecified = IPv6Address(bits: 0)

  /// The group of all hosts on a link.
  package static let allNodes = IPv6Address(bits: 0xFF02 << 112 | 1)

  /// The group of all routers on a link.
  package static let allRouters = IPv6Address(bits: 0xFF02 << 112 | 2)

  package var isMulticast: Bool { self.bits >> 120 == 0xFF }

  /// The group in which the owner of this address listens; shared by the addresses with the same last 24 bits.
  package var solicitedNodeGroup: IPv6Address {
    IPv6Address(bits: 0xFF02 << 112 | 1 << 32 | 0xFF << 24 | self.bits & 0xFF_FFFF)
  }

  /// Where frames for this group go on Ethernet.
  package var groupHardware: MACAddress {
    MACAddress(bits: 0x3333 << 32 | UInt64(truncatingIfNeeded: self.bits & 0xFFFF_FFFF))
  }
}
