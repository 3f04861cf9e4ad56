import KubernetesModel

/// The paths at which the API server asks, one a kind (contract section 7).
package enum AdmissionPath: String, Sendable, CaseIterable {
  case pool = "/validate-metallb-io-v1beta1-ipaddresspool"
  case bgpPeer = "/validate-metallb-io-v1beta2-bgppeer"
  case bgpAdvertisement = "/validate-metallb-io-v1beta1-bgpadvertisement"
  case l2Advertisement = "/validate-metallb-io-v1beta1-l2advertisement"
  case community = "/validate-metallb-io-v1beta1-community"
  case bfdProfile = "/validate-metallb-io-v1beta1-bfdprofile"

  package var kind: String {
    switch self {
    case .pool: IPAddressPool.type.kind
    case .bgpPeer: BGPPeer.type.kind
    case .bgpAdvertisement: BGPAdvertisement.type.kind
    case .l2Advertisement: L2Advertisement.type.kind
    case .community: CommunityAliases.type.kind
    case .bfdProfile: BFDProfile.type.kind
    }
  }

  /// The kinds of which a verdict needs to know the existing objects.
  package var needs: Set<String> {
    switch self {
    case .bgpAdvertisement: [self.kind, IPAddressPool.type.kind]
    case .bfdProfile: [self.kind, BGPPeer.type.kind]
    case .pool, .bgpPeer, .l2Advertisement, .community: [self.kind]
    }
  }

  /// Upstream's words for a list that could not be had.
  package func unavailable(_ kind: String) -> String {
    let name = kind == L2Advertisement.type.kind ? "v1beta1.L2Advertisement" : kind
    return "failed to get existing \(name) objects"
  }
}

/// The object of a review, as its kind.
package enum AdmissionSubject: Sendable, Equatable {
  case pool(IPAddressPool)
  case bgpPeer(BGPPeer)
  case bgpAdvertisement(BGPAdvertisement)
  case l2Advertisement(L2Advertisement)
  case community(CommunityAliases)
  case bfdProfile(BFDProfile)

  package var metadata: ObjectMeta {
    switch self {
    case .pool(let object): object.metadata
    case .bgpPeer(let object): object.metadata
    case .bgpAdvertisement(let object): object.metadata
    case .l2Advertisement(let object): object.metadata
    case .community(let object): object.metadata
    case .bfdProfile(let object): object.metadata
    }
  }
}
