import KubernetesModel

/// The judgement on one write of a configuration object: what the validating webhooks answer (contract section 7).
///
/// Only what the write itself does wrong is refused. Objects that are broken already never stand in the way of others,
/// and what refers to an object of another kind that does not exist (yet) is accepted, as objects may come in any order.
package struct Admission: Sendable, Equatable {
  /// MetalLB's own.
  package let namespace: String

  package init(namespace: String) {
    self.namespace = namespace
  }

  /// - Parameter existing: the objects of `AdmissionPath.needs` at least, those of the namespace.
  package func verdict(
    on operation: AdmissionReview.Operation, of subject: AdmissionSubject, among existing: ConfigurationObjects
  ) -> AdmissionVerdict {
    let metadata = subject.metadata
    switch operation {
    case .connect: return .allowed
    case .delete: return self.deletion(of: subject, among: existing)
    case .create:
      guard metadata.namespace == self.namespace else {
        return .denied("resource must be created in \(self.namespace) namespace", warnings: [])
      }
    case .update:
      // Whoever takes the last finalizer off must not be held up, and what lies elsewhere has no effect.
      guard metadata.deletionTimestamp == nil, metadata.namespace == self.namespace else { return .allowed }
    }
    let (before, after) = Self.configurations(with: subject, among: existing)
    let problems = ConfigurationCheck.problems(in: after)
    let own = problems.filter { $0.kind == subject.kind && $0.key.name == metadata.name }
    let warnings = own.filter { $0.severity == .warning }.map(\.message)
    var refusals = own.filter { $0.severity == .invalid }
    for problem in ConfigurationCheck.problems(introducedBy: after, to: before) where !refusals.contains(problem) {
      refusals.append(problem)
    }
    guard !refusals.isEmpty else { return .allowed(warnings: warnings) }
    return .denied(refusals.map(\.message).joined(separator: "\n"), warnings: warnings)
  }

  /// A profile that a peer names must not go (the peer lies in the same namespace, or it names another profile).
  private func deletion(of subject: AdmissionSubject, among existing: ConfigurationObjects) -> AdmissionVerdict {
    guard case .bfdProfile(let profile) = subject, let name = profile.metadata.name,
      profile.metadata.namespace == self.namespace
    else { return .allowed }
    let user = (existing.bgpPeers ?? []).filter {
      $0.spec?.bfdProfile == name && $0.metadata.namespace == profile.metadata.namespace
    }.map(\.key.name).min()
    guard let user else { return .allowed }
    return .denied("failed to delete BFDProfile \(name), used by BGPPeer \(user)", warnings: [])
  }

  /// The objects that count for the verdict, without the object under review and with its new form.
  ///
  /// It counts as the youngest, so that whatever it collides with was there first.
  private static func configurations(
    with subject: AdmissionSubject, among existing: ConfigurationObjects
  ) -> (before: ConfigurationObjects, after: ConfigurationObjects) {
    var before = ConfigurationObjects()
    var after = before
    func split<R: KubernetesResource>(_ objects: [R]?, _ object: R) -> (before: [R], after: [R]) {
      var youngest = object
      youngest.metadata.creationTimestamp = nil
      let others = (objects ?? []).filter { $0.key != object.key }
      return (others, others + [youngest])
    }
    switch subject {
    case .pool(let object): (before.pools, after.pools) = split(existing.pools, object)
    case .bgpPeer(var object):
      // Profiles and secrets may come later.
      object.spec?.bfdProfile = nil
      object.spec?.passwordSecret = nil
      (before.bgpPeers, after.bgpPeers) = split(existing.bgpPeers, object)
    case .bgpAdvertisement(let object):
      (before.bgpAdvertisements, after.bgpAdvertisements) = split(existing.bgpAdvertisements, object)
      before.pools = existing.pools
      after.pools = existing.pools
    case .l2Advertisement(let object):
      (before.l2Advertisements, after.l2Advertisements) = split(existing.l2Advertisements, object)
    case .community(let object): (before.communities, after.communities) = split(existing.communities, object)
    case .bfdProfile(let object): (before.bfdProfiles, after.bfdProfiles) = split(existing.bfdProfiles, object)
    }
    return (before, after)
  }
}

extension AdmissionSubject {
  package var kind: String {
    switch self {
    case .pool: IPAddressPool.type.kind
    case .bgpPeer: BGPPeer.type.kind
    case .bgpAdvertisement: BGPAdvertisement.type.kind
    case .l2Advertisement: L2Advertisement.type.kind
    case .community: CommunityAliases.type.kind
    case .bfdProfile: BFDProfile.type.kind
    }
  }
}
