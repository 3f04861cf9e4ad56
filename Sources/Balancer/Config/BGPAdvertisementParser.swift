import KubernetesModel
import Primitives

/// A BGPAdvertisement as far as it can be read on its own: its communities may be aliases, still to be looked up.
struct BGPAdvertisementReading: Sendable, Hashable {
  /// Without communities.
  var configuration: BGPAdvertisementConfiguration
  /// As the object has them.
  var communities: [String]
}

extension BGPAdvertisementReading: ObjectReading {
  /// Reads one object on its own: the advertisement, or all that is wrong with it (contract section 6).
  static func read(_ object: BGPAdvertisement) -> (reading: Self?, problems: [Problem]) {
    let spec = object.spec ?? BGPAdvertisement.Spec()
    var list = ProblemList(BGPAdvertisement.type.kind, object.key)
    AdvertisementFields.check(
      &list, pools: spec.ipAddressPools, poolSelectors: spec.ipAddressPoolSelectors, nodeSelectors: spec.nodeSelectors,
      serviceSelectors: spec.serviceSelectors)
    list.report(
      SelectorCheck.duplicates(in: spec.communities ?? [], field: "spec.communities", name: "community"))
    list.report(SelectorCheck.duplicates(in: spec.peers ?? [], field: "spec.peers", name: "peers"))
    let configuration = BGPAdvertisementConfiguration(
      key: object.key, pools: Set(spec.ipAddressPools ?? []), poolSelectors: spec.ipAddressPoolSelectors ?? [],
      nodeSelectors: spec.nodeSelectors ?? [], serviceSelectors: spec.serviceSelectors ?? [],
      peers: Set(spec.peers ?? []), aggregationLength: Self.length(spec.aggregationLength, .ipv4, spec, &list),
      aggregationLengthV6: Self.length(spec.aggregationLengthV6, .ipv6, spec, &list),
      localPreference: Self.attribute(spec.localPref, "localPref", "local preference", &list) ?? 0,
      asPathPrepend: Self.prepend(spec.asPathPrepend, &list),
      med: Self.attribute(spec.med, "med", "MED", &list), linkBandwidth: spec.linkBandwidth ?? false)
    guard !list.isFatal else { return (nil, list.problems) }
    return (Self(configuration: configuration, communities: spec.communities ?? []), list.problems)
  }

  private static func length(
    _ value: Int64?, _ family: IPFamily, _ spec: BGPAdvertisement.Spec, _ list: inout ProblemList
  ) -> Int {
    let (field, name) = family == .ipv4 ? ("aggregationLength", "IPv4") : ("aggregationLengthV6", "IPv6")
    let full = family.addressBits
    guard let value else { return full }
    let smallest: Int64 = family == .ipv4 ? 1 : 0
    if !(smallest...Int64(full)).contains(value) {
      list.report(
        "spec.\(field)", "invalid aggregation length \(value) for \(name)",
        remedy: "Write a number from \(smallest) to \(full).")
    }
    if !(spec.serviceSelectors ?? []).isEmpty, value != Int64(full) {
      list.report(
        "spec.\(field)",
        "serviceSelectors and \(field) are mutually exclusive, both cannot be set in \(list.key.name)",
        remedy: "Remove the service selectors, or leave the length out: it is \(full) then.")
    }
    return Int(clamping: value)
  }

  private static func attribute(
    _ value: Int64?, _ field: String, _ what: String, _ list: inout ProblemList
  ) -> UInt32? {
    guard let value else { return nil }
    guard let number = UInt32(exactly: value) else {
      list.report("spec.\(field)", "invalid \(what) \(value)", remedy: "Write a number from 0 to 4294967295.")
      return nil
    }
    return number
  }

  private static func prepend(_ value: Int64?, _ list: inout ProblemList) -> Int {
    guard let value else { return 0 }
    guard (0...10).contains(value) else {
      list.report("spec.asPathPrepend", "invalid AS path prepend \(value)", remedy: "Write a number from 0 to 10.")
      return 0
    }
    return Int(value)
  }
}
