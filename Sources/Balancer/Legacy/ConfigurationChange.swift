import KubernetesModel

/// A change of one object of the configuration, whichever its kind.
package enum ConfigurationChange: Sendable, Equatable {
  case pools(ObjectChange<IPAddressPool>)
  case l2Advertisements(ObjectChange<L2Advertisement>)
  case bgpAdvertisements(ObjectChange<BGPAdvertisement>)
  case bgpPeers(ObjectChange<BGPPeer>)
  case bfdProfiles(ObjectChange<BFDProfile>)
  case communities(ObjectChange<CommunityAliases>)
}
