import Primitives

/// How routes look to one peer for as long as a session lasts: AS path, next hops, what goes to our own AS only
/// (RFC 4271 section 5.1, RFC 6793, RFC 8326, RFC 8950).
package struct ExportPolicy: Sendable, Hashable {
  /// Whether the peer is in our own AS.
  package enum Kind: String, Sendable, Hashable {
    case `internal`
    case external
  }

  package var kind: Kind
  package var localASN: ASN
  package var format: Message.Format
  /// Families that both speakers exchange and that have a next hop.
  package var nextHops: [IPFamily: NextHop]
  /// Whether IPv4 routes lie in attributes, as all others do, because next hops may be IPv6.
  package var usesExtendedNextHop: Bool
  /// Whether the routes are about to go: others are to be preferred (RFC 8326).
  package var isDraining: Bool

  /// What FRR, and with it upstream's default, sends to its own AS when nothing is configured.
  package static let standardLocalPreference: UInt32 = 100

  package init(
    kind: Kind, localASN: ASN, format: Message.Format, nextHops: [IPFamily: NextHop],
    usesExtendedNextHop: Bool = false, isDraining: Bool = false
  ) {
    self.kind = kind
    self.localASN = localASN
    self.format = format
    self.nextHops = nextHops
    self.usesExtendedNextHop = usesExtendedNextHop
    self.isDraining = isDraining
  }

  /// What of it concerns the routes of a family.
  func only(_ family: IPFamily) -> ExportPolicy {
    var policy = self
    policy.nextHops = self.nextHops.filter { $0.key == family }
    return policy
  }

  /// The attributes of a route, with prefixes of one family still to be put in; nil if the family has no next hop.
  func attributes(of route: Route, _ family: IPFamily) -> PathAttributes? {
    guard let nextHop = self.nextHops[family] else { return nil }
    var attributes = PathAttributes()
    attributes.origin = .igp
    switch self.kind {
    case .external:
      attributes.setPath(
        Array(repeating: self.localASN, count: 1 + max(0, route.prependCount)), width: self.format.asnWidth)
    case .internal:
      attributes.asPath = ASPath([], width: self.format.asnWidth)
      // RFC 8326 section 4: the lowest preference within our own AS.
      attributes.localPreference = self.isDraining ? 0 : route.localPreference ?? Self.standardLocalPreference
    }
    attributes.multiExitDiscriminator = route.multiExitDiscriminator
    attributes.communities = route.communities
    if self.isDraining && !route.communities.contains(.gracefulShutdown) {
      attributes.communities.append(.gracefulShutdown)
      attributes.communities.sort()
    }
    attributes.largeCommunities = route.largeCommunities
    if let bandwidth = route.linkBandwidth {
      attributes.extendedCommunities = [.linkBandwidth(bandwidth, of: self.localASN)]
    }
    if family == .ipv4, case .v4(let address) = nextHop {
      attributes.nextHop = address
    } else {
      attributes.reachable = ReachableRoutes(family, nextHop: nextHop, [])
    }
    return attributes
  }
}

extension PathAttributes {
  /// RFC 6793 section 4.2.2: a peer that knows two octets only gets the whole path beside the one it can read.
  fileprivate mutating func setPath(_ numbers: [ASN], width: ASPath.Width) {
    let path = ASPath(sequence: numbers, width: width)
    self.asPath = path
    if width == .two && path.needsFourOctets { self.as4Path = ASPath(sequence: numbers, width: .four) }
  }
}
