import KubernetesModel

/// A change of one of the objects that the page shows, or explains something with.
package enum ClusterChange: Sendable {
  case services(ObjectChange<Service>)
  case pools(ObjectChange<IPAddressPool>)
  case l2Advertisements(ObjectChange<L2Advertisement>)
  case bgpAdvertisements(ObjectChange<BGPAdvertisement>)
  case bgpPeers(ObjectChange<BGPPeer>)
  case nodes(ObjectChange<Node>)
  /// Of MetalLB's own namespace.
  case pods(ObjectChange<Pod>)
  case layer2Statuses(ObjectChange<ServiceL2Status>)
  case bgpStatuses(ObjectChange<ServiceBGPStatus>)
  /// Those that MetalLB wrote.
  case events(ObjectChange<Event>)

  /// Whether it can be a trap, or the end of one.
  var isWorthAnInspection: Bool {
    switch self {
    case .pools, .l2Advertisements, .bgpAdvertisements, .bgpPeers: true
    case .services, .nodes, .pods, .layer2Statuses, .bgpStatuses, .events: false
    }
  }

  /// Whether the speakers have something new to tell after it.
  var isWorthALook: Bool {
    switch self {
    case .events: false
    case .services, .pools, .l2Advertisements, .bgpAdvertisements, .bgpPeers, .nodes, .pods, .layer2Statuses,
      .bgpStatuses:
      true
    }
  }
}
