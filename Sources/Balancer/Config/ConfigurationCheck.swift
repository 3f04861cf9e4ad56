import KubernetesModel

/// The judgement on a whole configuration: every problem of every object.
package enum ConfigurationCheck {
  /// Everything that is wrong, in the order of kinds, names and fields.
  package static func problems(in objects: ConfigurationObjects) -> [Problem] {
    let pools = PoolResolution(objects.pools ?? [])
    let l2Advertisements = L2AdvertisementResolution(objects.l2Advertisements ?? [])
    let peers = Self.peers(in: objects)
    var advertisements = BGPAdvertisementResolution(lookingUpAliases: objects.communities != nil)
    for object in objects.communities ?? [] { _ = advertisements.apply(.applied(object)) }
    for object in objects.bgpAdvertisements ?? [] { _ = advertisements.apply(.applied(object)) }

    let names = objects.pools.map { Set($0.map(\.key.name)) }
    let nodes = objects.nodes.map { Array($0.values) }
    let isPool = names.map { names in { (name: String) in names.contains(name) } }
    let isPeer = objects.bgpPeers.map { _ in { (name: String) in peers.exists(name) } }
    var problems = objects.malformed.map { Problem.malformed($0.kind, $0.key, $0.reason) }
    problems += Self.repetitions(in: objects)
    problems += pools.problems
    problems += l2Advertisements.problems(pools: isPool)
    problems += peers.problems(nodes: nodes)
    problems += advertisements.problems(pools: isPool, peers: isPeer)
    for pool in pools.sorted {
      let (fitting, misfits) = advertisements.advertisements(for: pool, nodes: nodes)
      problems += misfits + advertisements.echoProblems(for: pool, fitting: fitting, peers: peers.peers)
    }
    return problems.sorted(by: Problem.precedes)
  }

  /// What a change of the configuration makes wrong that was not wrong before, and a webhook therefore refuses.
  ///
  /// Not all of it need be said of the object that changes: an old pool that grows over a younger one spoils that one.
  package static func problems(
    introducedBy changed: ConfigurationObjects, to current: ConfigurationObjects
  ) -> [Problem] {
    let known = Set(Self.problems(in: current).map(Place.init))
    return Self.problems(in: changed).filter { $0.severity == .invalid && !known.contains(Place($0)) }
  }

  /// What a problem is of, whatever the words; those may count objects.
  private struct Place: Hashable {
    let kind: String
    let key: ObjectKey
    let field: String

    init(_ problem: Problem) {
      self.kind = problem.kind
      self.key = problem.key
      self.field = problem.field
    }
  }

  private static func peers(in objects: ConfigurationObjects) -> BGPPeerResolution {
    var references: Set<BGPPeerResolution.Reference> = []
    if objects.bfdProfiles != nil { references.insert(.bfdProfiles) }
    if objects.secrets != nil { references.insert(.secrets) }
    var peers = BGPPeerResolution(lookingUp: references)
    for object in objects.bfdProfiles ?? [] { _ = peers.apply(.applied(object)) }
    for object in objects.secrets ?? [] { _ = peers.apply(.applied(PasswordSecret(object))) }
    for object in objects.bgpPeers ?? [] { _ = peers.apply(.applied(object)) }
    return peers
  }

  // MARK: Repetitions

  /// Objects that are written down twice, as can happen in files.
  private static func repetitions(in objects: ConfigurationObjects) -> [Problem] {
    self.repetitions(of: objects.pools) { "duplicate definition of pool \(GoText.quoted($0.key.name))" }
      + self.repetitions(of: objects.l2Advertisements) {
        "duplicate definition of l2advertisement \(GoText.quoted($0.key.name))"
      }
      + self.repetitions(of: objects.bgpAdvertisements) {
        "duplicate definition of bgpadvertisements. advertisement \($0.first + 1) and \($0.second + 1) are equal"
      }
      + self.repetitions(of: objects.bgpPeers) { "peer \($0.key.name) already exists" }
      + self.repetitions(of: objects.bfdProfiles) { "found duplicate bfd profile name \($0.key.name)" }
      + self.repetitions(of: objects.communities) {
        "duplicate definition of community object \(GoText.quoted($0.key.name))"
      }
  }

  private static func repetitions<Object: KubernetesResource>(
    of objects: [Object]?, message: ((key: ObjectKey, first: Int, second: Int)) -> String
  ) -> [Problem] {
    var places: [ObjectKey: Int] = [:]
    return (objects ?? []).enumerated().compactMap { index, object in
      guard let first = places.updateValue(index, forKey: object.key) else { return nil }
      return Problem(
        kind: Object.type.kind, key: object.key, field: "metadata.name",
        message: message((object.key, first, index)), remedy: "Remove one of the two.")
    }
  }
}
