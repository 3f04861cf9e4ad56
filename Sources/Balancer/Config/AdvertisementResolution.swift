import KubernetesModel
import Primitives

/// All L2Advertisements of the cluster, resolved into those that are in force and everything that is wrong.
///
/// Each object stands alone (Docs/differences.md): one that is not valid keeps its last good form, or is left out if it
/// never had one, so that a mistake on one node's speaker cannot leave a Service without an owner (contract section
/// 21.25).
package struct AdvertisementResolution: Sendable, Equatable {
  private struct Source: Sendable, Equatable {
    var problems: [Problem]
    var inForce: L2AdvertisementConfiguration?
  }

  private var sources: [ObjectKey: Source] = [:]

  package init() {}

  /// Takes one change of an object into account, and returns what was in force for it before and is now.
  package mutating func apply(
    _ change: ObjectChange<L2Advertisement>
  ) -> (before: L2AdvertisementConfiguration?, after: L2AdvertisementConfiguration?) {
    switch change {
    case .applied(let object):
      let before = self.sources[object.key]?.inForce
      let (configuration, problems) = L2AdvertisementConfiguration.parse(object)
      self.sources[object.key] = Source(problems: problems, inForce: configuration ?? before)
      return (before, configuration ?? before)
    case .deleted(let key):
      return (self.sources.removeValue(forKey: key)?.inForce, nil)
    case .malformed(let key, let reason):
      let before = self.sources[key]?.inForce
      let problem = Problem(
        kind: L2Advertisement.type.kind, key: key, field: "", message: reason,
        remedy: "Correct the object so that it has the shape of its kind.")
      self.sources[key] = Source(problems: [problem], inForce: before)
      return (before, before)
    case .synced:
      return (nil, nil)
    }
  }

  /// The advertisement in force for an object.
  package subscript(key: ObjectKey) -> L2AdvertisementConfiguration? { self.sources[key]?.inForce }

  /// Those in force that announce a pool, in the order of their names.
  package func advertisements(
    forPool name: String, labels: [String: String]
  ) -> [L2AdvertisementConfiguration] {
    self.sources.values.compactMap(\.inForce).filter { $0.selects(pool: name, labels: labels) }
      .sorted { $0.key < $1.key }
  }

  /// Those in force that do not count on every node, by object.
  package var nodeSelective: [L2AdvertisementConfiguration] {
    self.sources.values.compactMap(\.inForce).filter { !$0.nodeSelectors.isEmpty }
  }

  /// Everything that is wrong, in the order of the objects' names; `pools` are the names that exist, usable or not, if
  /// they are known.
  package func problems(pools: Set<String>?) -> [Problem] {
    self.sources.sorted { $0.key < $1.key }.flatMap { key, source in
      source.problems + (pools.map { Self.missingPools(of: source.inForce, key: key, pools: $0) } ?? [])
    }
  }

  private static func missingPools(
    of configuration: L2AdvertisementConfiguration?, key: ObjectKey, pools: Set<String>
  ) -> [Problem] {
    (configuration?.pools ?? []).subtracting(pools).sorted().map { name in
      Problem(
        kind: L2Advertisement.type.kind, key: key, field: "spec.ipAddressPools",
        message:
          "L2Advertisement \(GoText.quoted(key.name)) refers to pool \(GoText.quoted(name)), which does not exist",
        remedy: "Create the IPAddressPool, or correct its name here.", severity: .warning)
    }
  }
}
