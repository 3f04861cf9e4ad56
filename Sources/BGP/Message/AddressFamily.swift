import Primitives

/// What kind of routes an attribute or a capability is about: an address family and how its routes are used (RFC 4760).
package struct AddressFamily: Sendable, Hashable {
  /// The Address Family Identifier: 1 is IPv4, 2 is IPv6.
  package let identifier: UInt16
  /// The Subsequent Address Family Identifier: 1 is unicast.
  package let subsequent: UInt8

  package static let ipv4Unicast = AddressFamily(.ipv4)
  package static let ipv6Unicast = AddressFamily(.ipv6)

  package init(identifier: UInt16, subsequent: UInt8) {
    self.identifier = identifier
    self.subsequent = subsequent
  }

  /// Unicast routes of a family.
  package init(_ family: IPFamily) {
    self.identifier = Self.identifier(of: family)
    self.subsequent = 1
  }

  /// The family whose unicast routes this is; nil for everything else, which we do not exchange.
  package var unicast: IPFamily? {
    switch (self.identifier, self.subsequent) {
    case (1, 1): .ipv4
    case (2, 1): .ipv6
    default: nil
    }
  }

  static func identifier(of family: IPFamily) -> UInt16 {
    switch family {
    case .ipv4: 1
    case .ipv6: 2
    }
  }
}

extension AddressFamily: CustomStringConvertible {
  package var description: String {
    switch self.unicast {
    case .ipv4: "IPv4 unicast"
    case .ipv6: "IPv6 unicast"
    case nil: "AFI \(self.identifier), SAFI \(self.subsequent)"
    }
  }
}
