import Primitives

/// What is said of a prefix to a BGP peer, apart from what the session itself adds (contract section 13.2).
package struct BGPRoute: Sendable, Hashable {
  /// For peers in our own AS; nil = not set.
  package var localPreference: UInt32?
  /// Sorted, each once.
  package var communities: [Community]
  /// Sorted, each once.
  package var largeCommunities: [LargeCommunity]
  /// How many more copies of our AS number lead the path.
  package var asPathPrepend: Int
  package var med: UInt32?
  /// The number of usable endpoints on this node, as a weight for routers that spread traffic unevenly; nil = not told.
  package var linkBandwidth: Int?

  package init(
    localPreference: UInt32? = nil, communities: [Community] = [], largeCommunities: [LargeCommunity] = [],
    asPathPrepend: Int = 0, med: UInt32? = nil, linkBandwidth: Int? = nil
  ) {
    self.localPreference = localPreference
    self.communities = communities
    self.largeCommunities = largeCommunities
    self.asPathPrepend = asPathPrepend
    self.med = med
    self.linkBandwidth = linkBandwidth
  }

  /// What an advertisement says of each of its prefixes.
  init(_ advertisement: BGPAdvertisementConfiguration, localEndpoints: Int) {
    self.init(
      localPreference: advertisement.localPreference == 0 ? nil : advertisement.localPreference,
      communities: advertisement.communities.sorted(), largeCommunities: advertisement.largeCommunities.sorted(),
      asPathPrepend: advertisement.asPathPrepend, med: advertisement.med,
      linkBandwidth: advertisement.linkBandwidth ? localEndpoints : nil)
  }

  /// The same route with the request to prefer any other (RFC 8326): the community, and within our own AS the lowest
  /// preference.
  var departing: BGPRoute {
    var route = self
    route.localPreference = 0
    route.communities = Set(route.communities).union([.gracefulShutdown]).sorted()
    return route
  }

  /// One route in the place of two for the same prefix: the communities of both, and of the rest what makes it the more
  /// preferred, whichever comes first.
  package func merged(with other: BGPRoute) -> BGPRoute {
    guard self != other else { return self }
    return BGPRoute(
      localPreference: Self.merged(self.localPreference, other.localPreference, max),
      communities: Set(self.communities).union(other.communities).sorted(),
      largeCommunities: Set(self.largeCommunities).union(other.largeCommunities).sorted(),
      asPathPrepend: min(self.asPathPrepend, other.asPathPrepend), med: Self.merged(self.med, other.med, min),
      linkBandwidth: Self.merged(self.linkBandwidth, other.linkBandwidth, max))
  }

  private static func merged<Number>(_ left: Number?, _ right: Number?, _ choose: (Number, Number) -> Number) -> Number?
  {
    guard let left, let right else { return left ?? right }
    return choose(left, right)
  }
}
