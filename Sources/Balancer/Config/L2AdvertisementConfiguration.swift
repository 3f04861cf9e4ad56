import KubernetesModel
import Primitives

/// An L2Advertisement as the rest of the product sees it: validated, so that nobody has to check it again.
package struct L2AdvertisementConfiguration: Sendable, Hashable {
  /// The object that this comes from.
  package var key: ObjectKey
  package var pools: Set<String>
  package var poolSelectors: [LabelSelector]
  /// Empty = all nodes.
  package var nodeSelectors: [LabelSelector]
  package var interfaces: InterfaceSelection
  /// Empty = all Services.
  package var serviceSelectors: [LabelSelector]

  package init(
    key: ObjectKey, pools: Set<String> = [], poolSelectors: [LabelSelector] = [], nodeSelectors: [LabelSelector] = [],
    interfaces: InterfaceSelection = .all, serviceSelectors: [LabelSelector] = []
  ) {
    self.key = key
    self.pools = pools
    self.poolSelectors = poolSelectors
    self.nodeSelectors = nodeSelectors
    self.interfaces = interfaces
    self.serviceSelectors = serviceSelectors
  }

  /// Whether the addresses of a pool are announced by this: one that names no pools and selects none is for all.
  package func selects(pool name: String, labels: [String: String]) -> Bool {
    if self.pools.isEmpty, self.poolSelectors.isEmpty { return true }
    return self.pools.contains(name) || self.poolSelectors.anyMatches(labels)
  }

  package func selects(service labels: [String: String]) -> Bool {
    self.serviceSelectors.isEmpty || self.serviceSelectors.anyMatches(labels)
  }

  package func selects(node labels: [String: String]) -> Bool {
    self.nodeSelectors.isEmpty || self.nodeSelectors.anyMatches(labels)
  }
}

extension L2AdvertisementConfiguration {
  /// Reads one object on its own: the configuration, or all that is wrong with it (contract section 6).
  package static func parse(_ object: L2Advertisement) -> (configuration: Self?, problems: [Problem]) {
    let spec = object.spec ?? L2Advertisement.Spec()
    let name = object.key.name
    let selectors: [(field: String, prefix: String, list: [LabelSelector])] = [
      (
        "ipAddressPoolSelectors", "failed to parse ip address pool selector for \(name)",
        spec.ipAddressPoolSelectors ?? []
      ),
      ("nodeSelectors", "failed to parse node selector for \(name)", spec.nodeSelectors ?? []),
      ("serviceSelectors", "failed to parse service selector for \(name)", spec.serviceSelectors ?? []),
    ]
    var problems: [Problem] = []
    func report(_ finding: SelectorCheck.Finding, prefix: String = "") {
      problems.append(
        Problem(
          kind: L2Advertisement.type.kind, key: object.key, field: finding.field, message: prefix + finding.message,
          remedy: finding.remedy))
    }
    for finding in SelectorCheck.duplicates(
      in: spec.ipAddressPools ?? [], field: "spec.ipAddressPools", name: "ipAddressPools")
    {
      report(finding)
    }
    for (field, prefix, list) in selectors {
      for finding in SelectorCheck.findings(in: list, field: "spec.\(field)", name: field) {
        report(finding, prefix: finding.message.hasPrefix("duplicate definition") ? "" : "\(prefix): ")
      }
    }
    guard problems.isEmpty else { return (nil, problems) }
    let interfaces = Set(spec.interfaces ?? [])
    let configuration = Self(
      key: object.key, pools: Set(spec.ipAddressPools ?? []), poolSelectors: spec.ipAddressPoolSelectors ?? [],
      nodeSelectors: spec.nodeSelectors ?? [], interfaces: interfaces.isEmpty ? .all : .named(interfaces),
      serviceSelectors: spec.serviceSelectors ?? [])
    return (configuration, [])
  }
}
