import KubernetesModel
import Primitives

/// The addresses of one Service as this node announces them to BGP peers.
package struct BGPAnnouncement: Sendable, Hashable {
  /// One route, and who gets it.
  package struct Offer: Sendable, Hashable {
    package var prefix: IPPrefix
    package var route: BGPRoute
    /// Names of peers, sorted; at least one.
    package var peers: [String]

    package init(prefix: IPPrefix, route: BGPRoute, peers: [String]) {
      self.prefix = prefix
      self.route = route
      self.peers = peers
    }
  }

  package var service: ObjectKey
  /// In the order of the Service's status.
  package var addresses: [IPAddress]
  /// A peer gets a prefix once at most.
  package var offers: [Offer]

  package init(service: ObjectKey, addresses: [IPAddress], offers: [Offer]) {
    self.service = service
    self.addresses = addresses
    self.offers = offers
  }

  /// The names of all peers that get something, sorted.
  package var peers: [String] { self.offers.reduce(into: Set()) { $0.formUnion($1.peers) }.sorted() }
}
