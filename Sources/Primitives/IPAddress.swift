/// An address of either family.
///
/// Orders IPv4 before IPv6, and by number within a family.
package enum IPAddress: Sendable, Hashable, Comparable {
  case v4(IPv4Address)
  case v6(IPv6Address)

  /// Reads an address as Go's `net.ParseIP` does, because users' objects passed it: no leading zeros, no zone, and an
  /// IPv4-mapped IPv6 address is the IPv4 address.
  package init?(_ text: some StringProtocol) {
    if let address = IPv4Address(text) {
      self = .v4(address)
    } else if let address = IPv6Address(text) {
      self = address.mappedIPv4.map(IPAddress.v4) ?? .v6(address)
    } else {
      return nil
    }
  }

  /// The address of a family with this number; nil if the number is too wide for the family.
  package init?(_ family: IPFamily, bits: UInt128) {
    switch family {
    case .ipv4:
      guard let bits = UInt32(exactly: bits) else { return nil }
      self = .v4(IPv4Address(bits: bits))
    case .ipv6:
      self = .v6(IPv6Address(bits: bits))
    }
  }

  package var family: IPFamily {
    switch self {
    case .v4: .ipv4
    case .v6: .ipv6
    }
  }

  /// The address as a number; comparable only within a family.
  package var bits: UInt128 {
    switch self {
    case .v4(let address): UInt128(address.bits)
    case .v6(let address): address.bits
    }
  }

  /// The octets in network order: four or sixteen.
  package var octets: [UInt8] {
    switch self {
    case .v4(let address): address.octets
    case .v6(let address): address.octets
    }
  }

  /// Whether this is an IPv4 address that ends in .0 or .255, which some old routers drop (`avoidBuggyIPs`).
  package var isBuggy: Bool {
    guard case .v4(let address) = self else { return false }
    return address.bits & 0xFF == 0 || address.bits & 0xFF == 0xFF
  }

  package static func < (left: IPAddress, right: IPAddress) -> Bool {
    left.family == right.family ? left.bits < right.bits : left.family < right.family
  }
}

extension IPAddress: CustomStringConvertible {
  package var description: String {
    switch self {
    case .v4(let address): address.description
    case .v6(let address): address.description
    }
  }
}
