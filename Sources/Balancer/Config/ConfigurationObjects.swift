import KubernetesModel

/// All that a configuration is made of, as far as it is known, for whoever wants to know what is wrong with it: the
/// webhook, `metallb check`, the status.
///
/// A kind that is nil is not known, and what refers to it is not looked up. A kind that is empty is known to have no
/// objects, and whatever refers to one has a problem.
package struct ConfigurationObjects: Sendable, Equatable {
  /// An object that does not have the shape of its kind, and why.
  package struct Malformed: Sendable, Hashable {
    package var kind: String
    package var key: ObjectKey
    package var reason: String

    package init(kind: String, key: ObjectKey, reason: String) {
      self.kind = kind
      self.key = key
      self.reason = reason
    }
  }

  package var pools: [IPAddressPool]?
  package var l2Advertisements: [L2Advertisement]?
  package var bgpAdvertisements: [BGPAdvertisement]?
  package var bgpPeers: [BGPPeer]?
  package var bfdProfiles: [BFDProfile]?
  package var communities: [CommunityAliases]?
  /// Those of MetalLB's namespace.
  package var secrets: [Secret]?
  /// The labels of the nodes, by name.
  package var nodes: [String: [String: String]]?
  package var malformed: [Malformed]

  package init(
    pools: [IPAddressPool]? = nil, l2Advertisements: [L2Advertisement]? = nil,
    bgpAdvertisements: [BGPAdvertisement]? = nil, bgpPeers: [BGPPeer]? = nil, bfdProfiles: [BFDProfile]? = nil,
    communities: [CommunityAliases]? = nil, secrets: [Secret]? = nil, nodes: [String: [String: String]]? = nil,
    malformed: [Malformed] = []
  ) {
    self.pools = pools
    self.l2Advertisements = l2Advertisements
    self.bgpAdvertisements = bgpAdvertisements
    self.bgpPeers = bgpPeers
    self.bfdProfiles = bfdProfiles
    self.communities = communities
    self.secrets = secrets
    self.nodes = nodes
    self.malformed = malformed
  }
}
