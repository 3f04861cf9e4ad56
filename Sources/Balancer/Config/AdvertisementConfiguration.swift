import KubernetesModel

/// What advertisements of both protocols have in common: which pools, nodes and Services they are for.
package protocol AdvertisementConfiguration: Sendable, Hashable {
  /// The object that this comes from.
  var key: ObjectKey { get }
  var pools: Set<String> { get }
  var poolSelectors: [LabelSelector] { get }
  /// Empty = all nodes.
  var nodeSelectors: [LabelSelector] { get }
  /// Empty = all Services.
  var serviceSelectors: [LabelSelector] { get }
}

extension AdvertisementConfiguration {
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

extension PoolResolution {
  /// The pools in force that any of the advertisements can be for: those that they name, or all if one selects.
  func candidates(for advertisements: [some AdvertisementConfiguration]) -> [PoolConfiguration] {
    guard advertisements.allSatisfy({ !$0.pools.isEmpty && $0.poolSelectors.isEmpty }) else { return self.sorted }
    return advertisements.reduce(into: Set()) { $0.formUnion($1.pools) }.sorted().compactMap { self.pools[$0] }
  }
}

/// The rules that the common fields of advertisements keep (contract section 6).
enum AdvertisementFields {
  static func check(
    _ list: inout ProblemList, pools: [String]?, poolSelectors: [LabelSelector]?, nodeSelectors: [LabelSelector]?,
    serviceSelectors: [LabelSelector]?
  ) {
    let name = list.key.name
    list.report(
      SelectorCheck.duplicates(in: pools ?? [], field: "spec.ipAddressPools", name: "ipAddressPools"))
    list.report(
      SelectorCheck.findings(
        in: poolSelectors ?? [], field: "spec.ipAddressPoolSelectors", name: "ipAddressPoolSelectors"
      ) { error, selector in "\(error)\ninvalid label selector \(GoText.plain(selector))" })
    list.report(
      SelectorCheck.findings(in: nodeSelectors ?? [], field: "spec.nodeSelectors", name: "nodeSelectors") {
        error, selector in
        "\(error)\ninvalid label selector \(GoText.plain(selector))\nfailed to parse node selector for \(name)"
      })
    list.report(
      SelectorCheck.findings(in: serviceSelectors ?? [], field: "spec.serviceSelectors", name: "serviceSelectors") {
        error, selector in
        "invalid service selector \(GoText.plain(selector)): \(error)\nfailed to parse service selector for \(name)"
      })
  }
}
