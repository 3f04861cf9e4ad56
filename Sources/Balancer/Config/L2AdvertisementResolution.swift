import KubernetesModel

/// All L2Advertisements of the cluster, resolved into those that are in force and everything that is wrong.
///
/// Each object stands alone (Docs/differences.md): one that is not valid keeps its last good form, or is left out if it
/// never had one, so that a mistake on one node's speaker cannot leave a Service without an owner (contract section
/// 21.25).
package struct L2AdvertisementResolution: Sendable, Equatable {
  private var objects = ObjectTable<L2AdvertisementConfiguration>()
  private var inForce = AdvertisementIndex<L2AdvertisementConfiguration>()

  package init() {}

  package init(_ objects: some Sequence<L2Advertisement>) {
    for object in objects { _ = self.apply(.applied(object)) }
  }

  /// Takes one change of an object into account, and returns what was in force for it before and is now.
  package mutating func apply(
    _ change: ObjectChange<L2Advertisement>
  ) -> (before: L2AdvertisementConfiguration?, after: L2AdvertisementConfiguration?) {
    guard let key = self.objects.apply(change) else { return (nil, nil) }
    let before = self.inForce[key]
    let after = self.objects[key].flatMap { $0.reading ?? before }
    self.inForce.put(after, at: key)
    return (before, after)
  }

  /// The advertisement in force for an object.
  package subscript(key: ObjectKey) -> L2AdvertisementConfiguration? { self.inForce[key] }

  /// Whether any in force is restricted to some interfaces.
  package var namesInterfaces: Bool { self.inForce.values.contains { $0.interfaces != .all } }

  /// Whether claims decide on the owners of any.
  package var claimsOwners: Bool { self.inForce.values.contains { $0.policy.kind != .stateless } }

  /// Those in force that announce a pool, in the order of their names.
  package func advertisements(
    forPool name: String, labels: [String: String]
  ) -> [L2AdvertisementConfiguration] {
    self.inForce.advertisements(forPool: name, labels: labels)
  }

  /// Everything that is wrong, in the order of the objects' names; `pools` tells which exist, usable or not, and is nil
  /// if that is not known.
  package func problems(pools: ((String) -> Bool)?) -> [Problem] {
    let own = self.objects.keys.flatMap { self.objects[$0]?.problems ?? [] }
    let missing = pools.map { self.inForce.missingPoolProblems(kind: L2Advertisement.type.kind, among: $0) } ?? []
    return (own + missing).sorted(by: Problem.precedes)
  }
}
