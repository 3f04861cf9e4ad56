import KubernetesModel
import Primitives

/// Stands in front of the deciders and gives them, for each kind of which the API server has no object, those that the
/// ConfigMap of MetalLB 0.8 to 0.12 stands for; they cannot tell the difference.
///
///     Watcher<ConfigMap> ──────┐
///     Watcher<IPAddressPool> ──┼──▶ LegacyConfiguration ──.change──▶ ControllerState, SpeakerState
///     Watcher<…> ──────────────┘                        └─.report──▶ log, status, Event on the ConfigMap
///
/// The ConfigMap is one object: as long as anything in it is invalid, its last good form stays in force as a whole, as in
/// those days. `LegacySource` has the rules of one kind. A ConfigMap that cannot be read, say for want of a permission,
/// holds nothing up for long.
package struct LegacyConfiguration: StateMachine, Equatable {
  package enum Event: Timed, Equatable {
    case tick
    case configMap(ObjectChange<LegacyConfigMap>)
    case object(ConfigurationChange)
  }

  package enum Action: Sendable, Equatable {
    case change(ConfigurationChange)
    /// What is wrong with the ConfigMap is now this; none = all is well.
    case report([Problem])
    case emit(EventNote)
  }

  package struct Settings: Sendable, Hashable {
    /// The ConfigMap; nil = none is looked for.
    package var configMap: ObjectKey?
    /// For how long after the last new object of a kind the ConfigMap still counts beside it.
    package var handover: Duration
    /// How long to wait for the ConfigMap once the first objects are there.
    package var patience: Duration

    package init(
      configMap: ObjectKey?, handover: Duration = .seconds(5), patience: Duration = .seconds(10)
    ) {
      self.configMap = configMap
      self.handover = handover
      self.patience = patience
    }
  }

  private enum Knowledge: Sendable, Equatable {
    case waiting
    case waitingUntil(ContinuousClock.Instant)
    case complete
  }

  /// The reason of the Event on a ConfigMap that is not, or not wholly, in force though nothing in it is invalid.
  private static let ignored = "ConfigurationIgnored"

  private let settings: Settings
  private var knowledge: Knowledge
  private var reference: ObjectReference?
  /// What is wrong with the newest form of the ConfigMap.
  private var problems: [Problem] = []
  private var reported: [Problem] = []
  private var pools: LegacySource<IPAddressPool>
  private var l2Advertisements: LegacySource<L2Advertisement>
  private var bgpAdvertisements: LegacySource<BGPAdvertisement>
  private var bgpPeers: LegacySource<BGPPeer>
  private var bfdProfiles: LegacySource<BFDProfile>
  private var communities: LegacySource<CommunityAliases>

  package init(settings: Settings) {
    self.settings = settings
    let awaitsConfigMap = settings.configMap != nil
    self.knowledge = awaitsConfigMap ? .waiting : .complete
    self.pools = LegacySource(awaitsConfigMap: awaitsConfigMap)
    self.l2Advertisements = LegacySource(awaitsConfigMap: awaitsConfigMap)
    self.bgpAdvertisements = LegacySource(awaitsConfigMap: awaitsConfigMap)
    self.bgpPeers = LegacySource(awaitsConfigMap: awaitsConfigMap)
    self.bfdProfiles = LegacySource(awaitsConfigMap: awaitsConfigMap)
    self.communities = LegacySource(awaitsConfigMap: awaitsConfigMap)
  }

  package var nextDeadline: ContinuousClock.Instant? {
    var deadlines = [
      self.pools.handoverAt, self.l2Advertisements.handoverAt, self.bgpAdvertisements.handoverAt,
      self.bgpPeers.handoverAt, self.bfdProfiles.handoverAt, self.communities.handoverAt,
    ].compactMap { $0 }
    if case .waitingUntil(let deadline) = self.knowledge { deadlines.append(deadline) }
    return deadlines.min()
  }

  package mutating func handle(_ event: Event, at now: ContinuousClock.Instant) -> [Action] {
    var changes: [ConfigurationChange]
    switch event {
    case .tick: changes = self.settle(at: now)
    case .configMap(let change): changes = self.take(change, at: now)
    case .object(let change): changes = self.take(change, at: now)
    }
    changes += self.mindPatience(at: now)
    return changes.map { .change($0) } + self.report()
  }

  // MARK: The ConfigMap

  private mutating func take(
    _ change: ObjectChange<LegacyConfigMap>, at now: ContinuousClock.Instant
  ) -> [ConfigurationChange] {
    switch change {
    case .applied(let configMap):
      guard configMap.key == self.settings.configMap else { return [] }
      self.reference = configMap.reference
      guard let conversion = configMap.conversion(naming: .asWritten, namespace: configMap.key.namespace) else {
        self.problems = [configMap.contentProblem].compactMap { $0 }
        return []
      }
      self.problems = conversion.problems(of: configMap.key)
      return self.problems.contains { $0.severity == .invalid } ? [] : self.offer(conversion, at: now)
    case .deleted(let key):
      guard key == self.settings.configMap else { return [] }
      self.reference = nil
      self.problems = []
      return self.offer(LegacyConversion(), at: now)
    case .malformed(let key, let reason):
      guard key == self.settings.configMap else { return [] }
      self.problems = [
        Problem(
          kind: ConfigMap.type.kind, key: key, field: "", message: reason,
          remedy: "Correct the object so that it has the shape of its kind.")
      ]
      return []
    case .synced:
      self.knowledge = .complete
      return self.legacyIsKnown(at: now)
    }
  }

  private mutating func offer(_ form: LegacyConversion, at now: ContinuousClock.Instant) -> [ConfigurationChange] {
    // What others refer to comes before them.
    self.communities.offer(form.communities, at: now).map { .communities($0) }
      + self.bfdProfiles.offer(form.profiles, at: now).map { .bfdProfiles($0) }
      + self.bgpPeers.offer(form.peers, at: now).map { .bgpPeers($0) }
      + self.pools.offer(form.pools, at: now).map { .pools($0) }
      + self.l2Advertisements.offer(form.l2Advertisements, at: now).map { .l2Advertisements($0) }
      + self.bgpAdvertisements.offer(form.bgpAdvertisements, at: now).map { .bgpAdvertisements($0) }
  }

  private mutating func legacyIsKnown(at now: ContinuousClock.Instant) -> [ConfigurationChange] {
    self.communities.legacyIsKnown(at: now).map { .communities($0) }
      + self.bfdProfiles.legacyIsKnown(at: now).map { .bfdProfiles($0) }
      + self.bgpPeers.legacyIsKnown(at: now).map { .bgpPeers($0) }
      + self.pools.legacyIsKnown(at: now).map { .pools($0) }
      + self.l2Advertisements.legacyIsKnown(at: now).map { .l2Advertisements($0) }
      + self.bgpAdvertisements.legacyIsKnown(at: now).map { .bgpAdvertisements($0) }
  }

  /// Goes on without the ConfigMap if it cannot be had although the objects can.
  private mutating func mindPatience(at now: ContinuousClock.Instant) -> [ConfigurationChange] {
    switch self.knowledge {
    case .complete:
      return []
    case .waiting:
      let hasList =
        self.pools.hasList || self.l2Advertisements.hasList || self.bgpAdvertisements.hasList
        || self.bgpPeers.hasList || self.bfdProfiles.hasList || self.communities.hasList
      if hasList { self.knowledge = .waitingUntil(now + self.settings.patience) }
      return []
    case .waitingUntil(let deadline):
      guard deadline <= now else { return [] }
      self.knowledge = .complete
      return self.legacyIsKnown(at: now)
    }
  }

  // MARK: The objects

  private mutating func take(
    _ change: ConfigurationChange, at now: ContinuousClock.Instant
  ) -> [ConfigurationChange] {
    let handover = self.settings.handover
    switch change {
    case .pools(let change):
      return self.pools.take(change, handover: handover, at: now).map { .pools($0) }
    case .l2Advertisements(let change):
      return self.l2Advertisements.take(change, handover: handover, at: now).map { .l2Advertisements($0) }
    case .bgpAdvertisements(let change):
      return self.bgpAdvertisements.take(change, handover: handover, at: now).map { .bgpAdvertisements($0) }
    case .bgpPeers(let change):
      return self.bgpPeers.take(change, handover: handover, at: now).map { .bgpPeers($0) }
    case .bfdProfiles(let change):
      return self.bfdProfiles.take(change, handover: handover, at: now).map { .bfdProfiles($0) }
    case .communities(let change):
      return self.communities.take(change, handover: handover, at: now).map { .communities($0) }
    }
  }

  private mutating func settle(at now: ContinuousClock.Instant) -> [ConfigurationChange] {
    self.communities.settle(at: now).map { .communities($0) }
      + self.bfdProfiles.settle(at: now).map { .bfdProfiles($0) }
      + self.bgpPeers.settle(at: now).map { .bgpPeers($0) }
      + self.pools.settle(at: now).map { .pools($0) }
      + self.l2Advertisements.settle(at: now).map { .l2Advertisements($0) }
      + self.bgpAdvertisements.settle(at: now).map { .bgpAdvertisements($0) }
  }

  // MARK: What users are told

  private mutating func report() -> [Action] {
    let problems = self.problems + self.superseded
    guard problems != self.reported else { return [] }
    let known = Set(self.reported)
    self.reported = problems
    var actions = [Action.report(problems)]
    guard let reference = self.reference else { return actions }
    for problem in problems where !known.contains(problem) {
      let place = problem.field.isEmpty ? "" : "\(problem.field): "
      actions.append(
        .emit(
          EventNote(
            object: reference, type: .warning,
            reason: problem.severity == .invalid ? Note.invalidConfiguration : Self.ignored,
            message: "\(place)\(problem.message). \(problem.remedy)")))
    }
    return actions
  }

  /// A warning for each part of the ConfigMap that does not count because there are objects of the kind.
  private var superseded: [Problem] {
    guard let key = self.settings.configMap else { return [] }
    let parts: [(Bool, ResourceType, String)] = [
      (self.pools.isSuperseded, IPAddressPool.type, "address-pools"),
      (self.l2Advertisements.isSuperseded, L2Advertisement.type, "address-pools (protocol layer2)"),
      (self.bgpAdvertisements.isSuperseded, BGPAdvertisement.type, "address-pools (protocol bgp)"),
      (self.bgpPeers.isSuperseded, BGPPeer.type, "peers"),
      (self.bfdProfiles.isSuperseded, BFDProfile.type, "bfd-profiles"),
      (self.communities.isSuperseded, CommunityAliases.type, "bgp-communities"),
    ]
    return parts.filter(\.0).map { _, type, field in
      Problem(
        kind: ConfigMap.type.kind, key: key, field: field,
        message: "not used, as there are \(type.kind) objects",
        remedy: "Convert the ConfigMap with metallb migrate, or delete the objects.", severity: .warning)
    }
  }
}
