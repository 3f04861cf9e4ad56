import KubernetesModel
import Primitives

/// The rules between a BGPAdvertisement, a pool that it announces, and other advertisements of the same pool (contract
/// section 6).
///
/// An advertisement that breaks one for a pool is not in force for that pool; for others it is.
package enum AdvertisementFit {
  /// Blocks of the pool that are smaller than the prefixes that are to be announced for them.
  static func lengthProblems(
    of advertisement: BGPAdvertisementConfiguration, for pool: PoolConfiguration
  ) -> [Problem] {
    guard advertisement.aggregationLength < 32 || advertisement.aggregationLengthV6 < 128 else { return [] }
    return pool.blocks.compactMap { block in
      let isV4 = block.family == .ipv4
      let length = isV4 ? advertisement.aggregationLength : advertisement.aggregationLengthV6
      guard let shortest = block.prefixes.map(\.length).min(), length < shortest else { return nil }
      return Problem(
        kind: BGPAdvertisement.type.kind, key: advertisement.key,
        field: isV4 ? "spec.aggregationLength" : "spec.aggregationLengthV6",
        message: "invalid aggregation length \(length): prefix \(shortest) in this pool is more specific than the "
          + "aggregation length for addresses \(block.notation)",
        remedy: "Choose a length of at least \(shortest), or give pool \(GoText.quoted(pool.name)) a larger block.")
    }
  }

  /// Older advertisements that would give the same routes another LOCAL_PREF. Where Services are selected, that shows
  /// only when a Service is announced.
  static func preferenceProblems(
    of advertisement: BGPAdvertisementConfiguration, among others: [BGPAdvertisementConfiguration],
    for pool: PoolConfiguration, nodes: [[String: String]]?
  ) -> [Problem] {
    guard advertisement.serviceSelectors.isEmpty else { return [] }
    return others.filter { other in
      other.serviceSelectors.isEmpty && Self.conflict(advertisement, other, families: pool.families)
        && NodeOverlap.exists(advertisement.nodeSelectors, other.nodeSelectors, nodes: nodes)
    }.map { other in
      Problem(
        kind: BGPAdvertisement.type.kind, key: advertisement.key, field: "spec.localPref",
        message: "invalid local preference \(advertisement.localPreference): local preferernce "
          + "\(other.localPreference) was already set for the same type of BGP update. Check existing BGP "
          + "advertisements with common pools and aggregation lengths",
        remedy: "Give it the local preference of \(GoText.quoted(other.key.name)), or other peers, nodes or "
          + "aggregation lengths.")
    }
  }

  /// Whether two advertisements that are both in force on a node could give one route two values of LOCAL_PREF.
  package static func conflict(
    _ left: BGPAdvertisementConfiguration, _ right: BGPAdvertisementConfiguration, families: Set<IPFamily>
  ) -> Bool {
    guard left.localPreference != right.localPreference, !families.isEmpty else { return false }
    if !left.peers.isEmpty, !right.peers.isEmpty, left.peers.isDisjoint(with: right.peers) { return false }
    return families.contains { family in
      switch family {
      case .ipv4: left.aggregationLength == right.aggregationLength
      case .ipv6: left.aggregationLengthV6 == right.aggregationLengthV6
      }
    }
  }
}

extension PoolConfiguration {
  var families: Set<IPFamily> { Set(self.blocks.map(\.family)) }
}

extension IPRange {
  /// As a CIDR where it is one, else as a range.
  var notation: String {
    let prefixes = self.prefixes
    return prefixes.count == 1 ? prefixes[0].description : self.description
  }
}
