import KubernetesModel

/// An L2Advertisement as the rest of the product sees it: validated, so that nobody has to check it again.
package struct L2AdvertisementConfiguration: AdvertisementConfiguration {
  /// Nodes that are rather to be owners than others, and by how much (contract section 19).
  package struct Preference: Sendable, Hashable {
    /// 1 to 100.
    package var weight: Int
    package var nodes: LabelSelector

    package init(weight: Int, nodes: LabelSelector) {
      self.weight = weight
      self.nodes = nodes
    }
  }

  package var key: ObjectKey
  package var pools: Set<String>
  package var poolSelectors: [LabelSelector]
  package var nodeSelectors: [LabelSelector]
  package var interfaces: InterfaceSelection
  package var serviceSelectors: [LabelSelector]
  package var preferences: [Preference]
  package var policy: ElectionPolicy

  package init(
    key: ObjectKey, pools: Set<String> = [], poolSelectors: [LabelSelector] = [], nodeSelectors: [LabelSelector] = [],
    interfaces: InterfaceSelection = .all, serviceSelectors: [LabelSelector] = [], preferences: [Preference] = [],
    policy: ElectionPolicy = .stateless
  ) {
    self.key = key
    self.pools = pools
    self.poolSelectors = poolSelectors
    self.nodeSelectors = nodeSelectors
    self.interfaces = interfaces
    self.serviceSelectors = serviceSelectors
    self.preferences = preferences
    self.policy = policy
  }
}

extension L2AdvertisementConfiguration: ObjectReading {
  /// Reads one object on its own: the configuration, or all that is wrong with it (contract section 6).
  package static func read(_ object: L2Advertisement) -> (reading: Self?, problems: [Problem]) {
    let spec = object.spec ?? L2Advertisement.Spec()
    var list = ProblemList(L2Advertisement.type.kind, object.key)
    AdvertisementFields.check(
      &list, pools: spec.ipAddressPools, poolSelectors: spec.ipAddressPoolSelectors, nodeSelectors: spec.nodeSelectors,
      serviceSelectors: spec.serviceSelectors)
    let preferences = Self.preferences(spec.preferredNodeSelectors ?? [], &list)
    let policy = ElectionPolicy.read(policy: spec.electionPolicy, holdDown: spec.holdDown, &list)
    guard !list.isFatal else { return (nil, list.problems) }
    let interfaces = Set(spec.interfaces ?? [])
    let configuration = Self(
      key: object.key, pools: Set(spec.ipAddressPools ?? []), poolSelectors: spec.ipAddressPoolSelectors ?? [],
      nodeSelectors: spec.nodeSelectors ?? [], interfaces: interfaces.isEmpty ? .all : .named(interfaces),
      serviceSelectors: spec.serviceSelectors ?? [], preferences: preferences, policy: policy)
    return (configuration, list.problems)
  }

  private static func preferences(
    _ selectors: [L2Advertisement.PreferredNodeSelector], _ list: inout ProblemList
  ) -> [Preference] {
    let failure = "failed to parse preferred node selectors for \(list.key.name)"
    return selectors.enumerated().map { index, selector in
      let field = "spec.preferredNodeSelectors[\(index)]"
      if !(1...100).contains(selector.weight) {
        list.report(
          "\(field).weight", "invalid weight \(selector.weight): must be 1 to 100\n\(failure)",
          remedy: "Write a weight from 1 to 100.")
      }
      list.report(
        SelectorCheck.failures(in: selector.preference, field: "\(field).preference") { error, selector in
          "\(error)\ninvalid preferred node selector \(GoText.plain(selector))\n\(failure)"
        })
      return Preference(weight: Int(clamping: selector.weight), nodes: selector.preference)
    }
  }
}
