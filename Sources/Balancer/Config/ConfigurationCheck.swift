import KubernetesModel

/// The judgement on a whole configuration: every problem of every object.
package enum ConfigurationCheck {
  /// Everything that is wrong, in the order of kinds, names and fields.
  package static func problems(in objects: ConfigurationObjects) -> [Problem] {
    var problems = objects.malformed.map(Self.problem)
    let pools = PoolResolution(objects.pools ?? [])
    problems += pools.problems
    var l2Advertisements = AdvertisementResolution()
    for object in objects.l2Advertisements ?? [] { _ = l2Advertisements.apply(.applied(object)) }
    problems += l2Advertisements.problems(pools: objects.pools.map { Set($0.map(\.key.name)) })
    return problems.sorted(by: Problem.precedes)
  }

  /// What a change of the configuration makes wrong that was not wrong before, and a webhook therefore refuses.
  ///
  /// Not all of it need be said of the object that changes: an old pool that grows over a younger one spoils that one.
  package static func problems(
    introducedBy changed: ConfigurationObjects, to current: ConfigurationObjects
  ) -> [Problem] {
    func place(_ problem: Problem) -> [String] {
      [problem.kind, problem.key.description, problem.field]
    }
    let known = Set(Self.problems(in: current).filter { $0.severity == .invalid }.map(place))
    return Self.problems(in: changed).filter { $0.severity == .invalid && !known.contains(place($0)) }
  }

  private static func problem(_ malformed: ConfigurationObjects.Malformed) -> Problem {
    Problem(
      kind: malformed.kind, key: malformed.key, field: "", message: malformed.reason,
      remedy: "Correct the object so that it has the shape of its kind.")
  }
}
