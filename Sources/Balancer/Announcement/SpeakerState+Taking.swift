import KubernetesModel
import Primitives

/// Owners that stay (``ElectionPolicy``), and how this node comes to own what it should in spite of them: it takes it.
///
/// As long as its owner goes on, an address moves only because the node that is to have it takes it, after it has been able
/// to announce for the hold-down. It claims the address; the owner hears that, knows the one who takes for the better
/// owner, and yields. Nobody's clock but the taker's counts, there is no moment without an answer, and if the claim is not
/// heard, the owner learns from the status object that the taker writes.
extension SpeakerState {
  /// How long this node insists on what it takes, should the cluster not come to know of it.
  private static let takeTime = Duration.seconds(30)
  /// Between two looks at what is to be taken: fast while all Services are looked at for the first time, a part each time.
  private static let firstInterval = Duration.milliseconds(250)
  private static let interval = Duration.seconds(10)
  private static let parts = 16

  /// Whether it counts who owns what: all speakers elect by it.
  var electsByOwnership: Bool { self.nodes.members == nil || self.nodes.isUniform }

  mutating func file(_ change: ObjectChange<OwnershipClaim>) -> Set<ObjectKey> {
    let changed = self.ownership.apply(change, own: self.settings.node)
    // What was not known to have an owner has none.
    let touched = change == .synced ? Set(self.services.records.keys) : changed
    return touched.filter { self.services[$0].map { $0.policy.kind != .stateless } ?? false }
  }

  /// The node that goes on with an address whatever the order of the nodes says; nil = the order decides.
  func incumbent(of services: [ObjectKey], by policy: ElectionPolicy, in candidacy: NodeTable.Candidacy) -> String? {
    guard policy.kind != .stateless, self.electsByOwnership else { return nil }
    if services.contains(where: { self.ownership.takes[$0] != nil }) { return self.settings.node }
    return services.lazy.compactMap { self.ownership.owner(of: $0) }
      .first { self.nodes[$0].map { self.nodes.isCandidate($0, in: candidacy) } ?? false }
  }

  /// Whether a node that announces what this one does is to have it, as it owns less; nil = that does not tell: the
  /// order of the nodes does.
  func isRelief(_ node: String, for key: ObjectKey) -> Bool? {
    guard self.services[key]?.policy.kind == .balanced, self.electsByOwnership else { return nil }
    let difference = (self.ownership.counts[self.settings.node] ?? 0) - (self.ownership.counts[node] ?? 0)
    // Both must come to the same answer, though the one may know of a change that the other does not.
    return abs(difference) < 2 ? nil : difference > 0
  }

  // MARK: Ability

  /// Notes since when this node has been able to announce.
  mutating func noteAbility(at now: ContinuousClock.Instant) {
    let isAvailable = self.nodes[self.settings.node].map { self.nodes.unavailability(of: $0) == nil } ?? false
    guard isAvailable, self.interfaces.values.contains(where: { !$0.isEmpty }) else {
      self.ableSince = nil
      return
    }
    guard self.ableSince == nil else { return }
    self.ableSince = now
    self.takeRound = 0
    self.nextTakeAt = nil
  }

  var nextTakeDeadline: ContinuousClock.Instant? {
    [self.ownership.nextDeadline, self.nextLookAt].compactMap(\.self).min()
  }

  /// When to look for something to take; nil = not as things are.
  private var nextLookAt: ContinuousClock.Instant? {
    guard let ableSince, let shortestHoldDown, self.isDeciding, self.ownership.isListed, self.electsByOwnership,
      !self.isDeparting, !self.isHandingOver
    else { return nil }
    return max(ableSince + shortestHoldDown, self.nextTakeAt ?? ableSince)
  }

  // MARK: Taking

  /// Looks for what this node is to take, if it is time, and returns the Services to decide anew.
  mutating func take(at now: ContinuousClock.Instant) -> Set<ObjectKey> {
    var touched = self.ownership.expireTakes(at: now)
    guard let ableSince, let nextLookAt, nextLookAt <= now else { return touched }
    let isFirst = self.takeRound < Self.parts
    let part = self.takeRound % Self.parts
    self.nextTakeAt = now + (isFirst ? Self.firstInterval : Self.interval)
    self.takeRound += 1
    let ability = now - ableSince
    var taken = self.returns(after: ability, part: part)
    if part == 0 || !isFirst { taken += self.reliefs(after: ability) }
    for service in taken {
      self.ownership.take(service, until: now + Self.takeTime)
      touched.formUnion(self.services.company(of: service))
    }
    return touched
  }

  /// What others have of which this node comes first in the order, in one part of all Services.
  private func returns(after ability: Duration, part: Int) -> [ObjectKey] {
    self.services.records.values.filter { record in
      guard record.policy.kind == .sticky, let holdDown = record.policy.holdDown, holdDown <= ability,
        let owner = self.ownership.owner(of: record.view.key), owner != self.settings.node,
        Self.part(of: record.view.key) == part, let address = self.electionAddress(of: record.view.key),
        let candidacy = self.candidacy(of: record.view.key), let own = self.nodes[self.settings.node],
        self.nodes.isCandidate(own, in: candidacy)
      else { return false }
      return self.nodes.rival(of: own, for: address, in: candidacy) == nil
    }.map(\.view.key).sorted()
  }

  private static func part(of key: ObjectKey) -> Int {
    Int(key.name.utf8.reduce(UInt32(0)) { $0 &* 31 &+ UInt32($1) } % UInt32(Self.parts))
  }

  /// What this node takes from those that own more than their share.
  private func reliefs(after ability: Duration) -> [ObjectKey] {
    var groups: [Set<ObjectKey>?: [ObjectKey: String]] = [:]
    for (key, record) in self.services.records {
      guard record.policy.kind == .balanced, record.policy.holdDown.map({ $0 <= ability }) ?? false,
        // Where traffic stays on the node that it reaches, endpoints decide; those that share an address count once.
        !record.view.keepsTrafficLocal, let owner = self.ownership.owner(of: key),
        !record.view.mayShareAddress || self.services.company(of: key).min() == key
      else { continue }
      groups[record.group, default: [:]][key] = owner
    }
    return groups.values.flatMap { owners -> [ObjectKey] in
      guard let any = owners.keys.first, let candidacy = self.candidacy(of: any) else { return [] }
      let plan = LoadPlan(owners: owners, nodes: self.nodes.candidates(in: candidacy))
      return plan.moves.filter { $0.to == self.settings.node }.map(\.service)
    }.sorted()
  }
}
