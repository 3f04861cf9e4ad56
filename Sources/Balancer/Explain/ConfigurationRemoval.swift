import KubernetesModel

extension ConfigurationObjects {
  /// The configuration after `kubectl apply` of other objects: those of the same name are replaced, all others stay.
  ///
  /// What the server adds to an object (its age, its uid) stays with it.
  package func overlaid(with other: ConfigurationObjects) -> ConfigurationObjects {
    var result = self
    result.pools = Self.overlaid(self.pools, other.pools)
    result.l2Advertisements = Self.overlaid(self.l2Advertisements, other.l2Advertisements)
    result.bgpAdvertisements = Self.overlaid(self.bgpAdvertisements, other.bgpAdvertisements)
    result.bgpPeers = Self.overlaid(self.bgpPeers, other.bgpPeers)
    result.bfdProfiles = Self.overlaid(self.bfdProfiles, other.bfdProfiles)
    result.communities = Self.overlaid(self.communities, other.communities)
    result.malformed += other.malformed
    return result
  }

  private static func overlaid<Object: KubernetesResource>(_ base: [Object]?, _ other: [Object]?) -> [Object]? {
    var result = base ?? []
    var places = Dictionary(result.enumerated().map { ($1.key, $0) }) { first, _ in first }
    for var object in other ?? [] {
      guard let place = places[object.key] else {
        places[object.key] = result.count
        result.append(object)
        continue
      }
      let old = result[place].metadata
      object.metadata.uid = old.uid
      object.metadata.resourceVersion = old.resourceVersion
      object.metadata.creationTimestamp = old.creationTimestamp
      result[place] = object
    }
    return base == nil && other == nil ? nil : result
  }
}

/// The deletion of one object of the configuration, named as `kubectl` would have it: `ipaddresspool/default`.
package struct ConfigurationRemoval: Sendable, Hashable {
  /// Why a text names no object.
  package enum Failure: Error, Hashable, CustomStringConvertible {
    case form(String)
    case kind(String)

    package var description: String {
      switch self {
      case .form(let text): "\(GoText.quoted(text)) is not kind/name, such as ipaddresspool/default"
      case .kind(let kind):
        "there is no kind \(GoText.quoted(kind)): use ipaddresspool, l2advertisement, bgpadvertisement, bgppeer, "
          + "bfdprofile or community"
      }
    }
  }

  private static let types: [ResourceType] = [
    IPAddressPool.type, L2Advertisement.type, BGPAdvertisement.type, BGPPeer.type, BFDProfile.type,
    CommunityAliases.type,
  ]

  private let kind: String
  private let name: String

  package init(_ text: String) throws(Failure) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { throw .form(text) }
    let word = parts[0].lowercased().split(separator: ".").first.map(String.init) ?? ""
    guard let type = Self.types.first(where: { [$0.kind.lowercased(), $0.plural].contains(word) }) else {
      throw .kind(String(parts[0]))
    }
    self.kind = type.kind
    self.name = String(parts[1])
  }

  package func isPresent(in objects: ConfigurationObjects) -> Bool { self.applied(to: objects) != objects }

  package func applied(to objects: ConfigurationObjects) -> ConfigurationObjects {
    var result = objects
    func isOther(_ object: some KubernetesResource) -> Bool { object.key.name != self.name }
    switch self.kind {
    case IPAddressPool.type.kind: result.pools = objects.pools?.filter(isOther)
    case L2Advertisement.type.kind: result.l2Advertisements = objects.l2Advertisements?.filter(isOther)
    case BGPAdvertisement.type.kind: result.bgpAdvertisements = objects.bgpAdvertisements?.filter(isOther)
    case BGPPeer.type.kind: result.bgpPeers = objects.bgpPeers?.filter(isOther)
    case BFDProfile.type.kind: result.bfdProfiles = objects.bfdProfiles?.filter(isOther)
    default: result.communities = objects.communities?.filter(isOther)
    }
    return result
  }
}
