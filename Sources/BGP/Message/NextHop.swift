import Primitives

/// The router to hand packets to, as MP_REACH_NLRI carries it (RFC 4760 section 3, RFC 2545 section 3, RFC 8950).
package enum NextHop: Sendable, Hashable {
  case v4(IPv4Address)
  /// The link-local address goes along when both routers are on one link.
  case v6(IPv6Address, linkLocal: IPv6Address? = nil)

  /// Nil for a length that no next hop of IPv4 or IPv6 has.
  init?(octets: ArraySlice<UInt8>) {
    switch octets.count {
    case 4:
      guard let address = IPv4Address(octets: octets) else { return nil }
      self = .v4(address)
    case 16:
      guard let address = IPv6Address(octets: octets) else { return nil }
      self = .v6(address)
    case 32:
      guard let address = IPv6Address(octets: octets.prefix(16)), let linkLocal = IPv6Address(octets: octets.suffix(16))
      else { return nil }
      self = .v6(address, linkLocal: linkLocal)
    default:
      return nil
    }
  }

  var octets: [UInt8] {
    switch self {
    case .v4(let address): address.octets
    case .v6(let address, let linkLocal): address.octets + (linkLocal?.octets ?? [])
    }
  }
}

/// Routes of a family with their next hop, as an attribute (MP_REACH_NLRI).
package struct ReachableRoutes: Sendable, Hashable {
  package var family: IPFamily
  package var nextHop: NextHop
  package var prefixes: [IPPrefix]

  package init(_ family: IPFamily, nextHop: NextHop, _ prefixes: [IPPrefix]) {
    self.family = family
    self.nextHop = nextHop
    self.prefixes = prefixes
  }
}

/// Routes of a family that are gone, as an attribute (MP_UNREACH_NLRI); none of them marks the End-of-RIB (RFC 4724).
package struct UnreachableRoutes: Sendable, Hashable {
  package var family: IPFamily
  package var prefixes: [IPPrefix]

  package init(_ family: IPFamily, _ prefixes: [IPPrefix]) {
    self.family = family
    self.prefixes = prefixes
  }
}
