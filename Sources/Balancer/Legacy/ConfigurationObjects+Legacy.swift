import KubernetesModel

extension ConfigurationObjects {
  /// The same with the objects that the old ConfigMap stands for, for each kind of which there are none: what controller
  /// and speaker work with.
  package func filled(from conversion: LegacyConversion) -> ConfigurationObjects {
    func either<Object>(_ objects: [Object]?, _ legacy: [Object]) -> [Object]? {
      guard let objects, !objects.isEmpty else { return legacy.isEmpty ? objects : legacy }
      return objects
    }
    var filled = self
    filled.pools = either(self.pools, conversion.pools)
    filled.l2Advertisements = either(self.l2Advertisements, conversion.l2Advertisements)
    filled.bgpAdvertisements = either(self.bgpAdvertisements, conversion.bgpAdvertisements)
    filled.bgpPeers = either(self.bgpPeers, conversion.peers)
    filled.bfdProfiles = either(self.bfdProfiles, conversion.profiles)
    filled.communities = either(self.communities, conversion.communities)
    return filled
  }
}
