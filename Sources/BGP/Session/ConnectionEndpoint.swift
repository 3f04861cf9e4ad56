import Primitives

/// Our end of a connection: the addresses that routes can name as next hops.
package struct ConnectionEndpoint: Sendable, Hashable {
  /// The address that the connection comes from.
  package var local: IPAddress
  /// An IPv4 address of the interface, for IPv4 routes over an IPv6 connection.
  package var ipv4: IPv4Address?
  /// A global IPv6 address of the interface.
  package var ipv6: IPv6Address?
  /// The link-local address of the interface, if the peer is on that link.
  package var linkLocal: IPv6Address?
  /// Which speaker we are, where nothing is configured (contract section 13.4).
  package var routerID: IPv4Address

  package init(
    local: IPAddress, ipv4: IPv4Address? = nil, ipv6: IPv6Address? = nil, linkLocal: IPv6Address? = nil,
    routerID: IPv4Address
  ) {
    self.local = local
    self.ipv4 = ipv4
    self.ipv6 = ipv6
    self.linkLocal = linkLocal
    self.routerID = routerID
  }

  /// The next hops of all families that are exchanged and have one.
  func nextHops(_ agreement: Agreement) -> [IPFamily: NextHop] {
    agreement.families.reduce(into: [:]) { nextHops, family in
      nextHops[family] = self.nextHop(family, isExtended: agreement.usesExtendedNextHop)
    }
  }

  /// The next hop of a family's routes: the connection's own address where it is of that family (RFC 4271 section 5.1.3,
  /// RFC 2545 section 3), else one of the interface.
  func nextHop(_ family: IPFamily, isExtended: Bool) -> NextHop? {
    switch family {
    case .ipv4:
      if case .v4(let address) = self.local { return .v4(address) }
      if isExtended { return self.nextHop(.ipv6, isExtended: false) }
      return self.ipv4.map(NextHop.v4)
    case .ipv6:
      var address = self.ipv6
      if case .v6(let local) = self.local, !local.isLinkLocal { address = local }
      if let address { return .v6(address, linkLocal: self.linkLocal) }
      return self.linkLocal.map { .v6($0, linkLocal: $0) }
    }
  }
}

/// One of the connections that a peer's machine may have: an attempt of ours, or one of the peer's.
package struct ConnectionID: Sendable, Hashable, Comparable, CustomStringConvertible {
  package enum Direction: String, Sendable, Hashable {
    case outgoing
    case incoming
  }

  package let direction: Direction
  package let number: UInt64

  package init(_ direction: Direction, _ number: UInt64) {
    self.direction = direction
    self.number = number
  }

  package static func < (left: ConnectionID, right: ConnectionID) -> Bool {
    left.direction == right.direction ? left.number < right.number : left.direction == .outgoing
  }

  package var description: String { "\(self.direction.rawValue) connection \(self.number)" }
}
