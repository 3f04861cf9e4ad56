import KubernetesModel

extension LegacyConversion {
  /// Everything that is wrong with the text, on the ConfigMap itself: its shape, and what the objects that it stands for
  /// would have as problems (contract section 6).
  package func problems(of configMap: ObjectKey) -> [Problem] {
    let own = self.findings.map { finding in
      Problem(
        kind: ConfigMap.type.kind, key: configMap, field: finding.field, message: finding.message,
        remedy: finding.remedy, severity: finding.isWarning ? .warning : .invalid)
    }
    let others = ConfigurationCheck.problems(in: self.objects).map { problem in
      var problem = problem
      problem.field = self.place(of: problem)
      problem.kind = ConfigMap.type.kind
      problem.key = configMap
      return problem
    }
    return own + others
  }

  /// The same as objects among others.
  package var objects: ConfigurationObjects {
    ConfigurationObjects(
      pools: self.pools, l2Advertisements: self.l2Advertisements, bgpAdvertisements: self.bgpAdvertisements,
      bgpPeers: self.peers, bfdProfiles: self.profiles, communities: self.communities)
  }

  /// Where the text says what an object has a problem with.
  private func place(of problem: Problem) -> String {
    func entry(_ list: String, _ keys: [ObjectKey]) -> String {
      keys.firstIndex(of: problem.key).map { "\(list)[\($0)]" } ?? list
    }
    switch problem.kind {
    case IPAddressPool.type.kind: return entry("address-pools", self.pools.map(\.key))
    case BGPPeer.type.kind: return entry("peers", self.peers.map(\.key))
    case BFDProfile.type.kind: return entry("bfd-profiles", self.profiles.map(\.key))
    case CommunityAliases.type.kind: return "bgp-communities"
    default: return "address-pools"
    }
  }
}

extension LegacyConfigMap {
  /// The problem of a ConfigMap that there is nothing to read in; nil = there is.
  package var contentProblem: Problem? {
    let (message, remedy): (String, String)
    switch self.content {
    case .tree: return nil
    case .missing:
      (message, remedy) = ("bad ConfigMap: no data", "Put the configuration under the key config.")
    case .unreadable(let reason):
      (message, remedy) = ("the configuration is not YAML: \(reason)", "Correct the text.")
    }
    return Problem(
      kind: ConfigMap.type.kind, key: self.key, field: "data.config", message: message, remedy: remedy)
  }
}
