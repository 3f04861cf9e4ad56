import KubernetesModel
import Primitives

/// The decision whether this node announces a Service to BGP peers, and what it tells whom (contract sections 13.1 and
/// 13.2).
///
/// Every node decides for itself: unlike on the local network there may be many that announce.
package struct BGPSelection: Sendable {
  package var service: ExposedService
  /// Those in force for the pool of the Service's addresses, in the order of their names.
  package var advertisements: [BGPAdvertisementConfiguration]
  /// This node; nil = there is no such Node.
  package var node: NodeView?
  /// Whether a node that is labelled so as to take no load-balancer traffic announces all the same.
  package var ignoresExclusion: Bool
  /// Whether the Service is announced for a little longer, while routers turn to others.
  package var isDeparting: Bool
  /// Whether anything can serve, and how much of it there is on this node.
  package var isUsable: Bool
  package var localEndpoints: Int
  /// The names of the peers that this node has sessions with.
  package var peers: Set<String>

  package init(
    service: ExposedService, advertisements: [BGPAdvertisementConfiguration], node: NodeView?,
    ignoresExclusion: Bool = false, isDeparting: Bool = false, isUsable: Bool, localEndpoints: Int, peers: Set<String>
  ) {
    self.service = service
    self.advertisements = advertisements
    self.node = node
    self.ignoresExclusion = ignoresExclusion
    self.isDeparting = isDeparting
    self.isUsable = isUsable
    self.localEndpoints = localEndpoints
    self.peers = peers
  }

  /// The order of the reasons is that of the contract; that no peer would hear of it comes last.
  package var verdict: Verdict<BGPAnnouncement> {
    guard let node else { return .withhold(.notOwner) }
    let ofNode = self.advertisements.filter { $0.selects(node: node.labels) }
    guard !ofNode.isEmpty else { return .withhold(.notOwner) }
    let matching = ofNode.filter { $0.selects(service: self.service.labels) }
    guard !matching.isEmpty else { return .withhold(.noMatchingAdvertisement) }
    guard !self.conflict(among: matching) else { return .withhold(.conflictingAdvertisements) }
    if node.isNetworkUnavailable { return .withhold(.nodeNetworkUnavailable) }
    if node.isBarred(ignoringExclusion: self.ignoresExclusion), !self.isDeparting {
      return .withhold(.nodeLabeledExcludeBalancers)
    }
    if self.service.keepsTrafficLocal, self.localEndpoints == 0 { return .withhold(.noLocalEndpoints) }
    guard self.isUsable else { return .withhold(.noEndpoints) }
    let offers = self.offers(matching)
    guard !offers.isEmpty else { return .withhold(.noMatchingPeer) }
    return .announce(
      BGPAnnouncement(service: self.service.key, addresses: self.service.addresses, offers: offers))
  }

  /// Whether two would give one route two values of LOCAL_PREF; with Services selected, only now can that be seen.
  private func conflict(among advertisements: [BGPAdvertisementConfiguration]) -> Bool {
    let families = Set(self.service.addresses.map(\.family))
    return advertisements.enumerated().contains { index, advertisement in
      advertisements[..<index].contains { AdvertisementFit.conflict($0, advertisement, families: families) }
    }
  }

  private func offers(_ advertisements: [BGPAdvertisementConfiguration]) -> [BGPAnnouncement.Offer] {
    var routes: [IPPrefix: [String: BGPRoute]] = [:]
    for advertisement in advertisements {
      let offered = BGPRoute(advertisement, localEndpoints: self.localEndpoints)
      let route = self.isDeparting ? offered.departing : offered
      let peers = advertisement.peers.isEmpty ? self.peers : self.peers.intersection(advertisement.peers)
      for prefix in Set(self.service.addresses.compactMap(advertisement.prefix)) {
        for peer in peers {
          let other = routes[prefix]?[peer]
          routes[prefix, default: [:]][peer] = other?.merged(with: route) ?? route
        }
      }
    }
    return routes.sorted { $0.key < $1.key }.flatMap { prefix, byPeer in
      Dictionary(grouping: byPeer.keys) { byPeer[$0] }
        .compactMap { route, peers in
          route.map { BGPAnnouncement.Offer(prefix: prefix, route: $0, peers: peers.sorted()) }
        }
        .sorted { ($0.peers.first ?? "") < ($1.peers.first ?? "") }
    }
  }
}
