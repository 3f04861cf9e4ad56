import KubernetesModel

/// What keeps a configuration that is valid from working in the cluster that it is in: each a warning that names the object,
/// the field and the remedy (`metallb check`, `metallb status problems`).
///
/// Roles: ``AddressTraps`` (addresses that are taken already), ``AnnouncementTraps`` (what nobody announces),
/// ``NeighbourTraps`` (others who do the same work), ``ProxyConfiguration`` (kernels that answer for everybody).
package enum ClusterTraps {
  /// So many Services are named for one trap.
  static let serviceLimit = 20

  /// All of them, in the order of kinds and names. `parse` reads a YAML text, or throws what is wrong with it.
  package static func problems<Failure: Error>(
    in surroundings: Surroundings, parse: (String) throws(Failure) -> JSONValue
  ) -> [Problem] {
    let kubeadm = surroundings.kubeadm?.data?["ClusterConfiguration"].flatMap { try? parse($0) }
    var problems = AddressTraps.problems(in: surroundings, kubeadm: kubeadm)
    problems += AnnouncementTraps(surroundings).problems
    problems += NeighbourTraps(surroundings).problems
    if surroundings.configuration.l2Advertisements?.isEmpty == false, let proxy = surroundings.proxy {
      problems += [ProxyConfiguration.problem(in: proxy, parse: parse)].compactMap { $0 }
    }
    return problems.sorted(by: Problem.precedes)
  }

  /// The first of many, and how many more there are.
  static func list(_ names: [String], limit: Int = 3) -> String { ClusterStatus.list(names, limit: limit) }
}

extension Problem {
  /// A trap: the object is in force, but does not do what it is for.
  static func trap(_ kind: String, _ key: ObjectKey, _ field: String, _ message: String, _ remedy: String) -> Problem {
    Problem(kind: kind, key: key, field: field, message: message, remedy: remedy, severity: .warning)
  }
}
