import KubernetesModel

/// Who is cut off from the API server does not know what has become of its own candidacy and that of others: whose endpoints
/// are ready, who is labelled. It goes on, as the API server may be away for everybody, until it hears of somebody who knows
/// better (Docs/decisions/0027-who-sees-is-right.md).
extension SpeakerState {
  /// What was left to those who see is decided by what this node sees itself, as soon as it does.
  mutating func clearSight(at now: ContinuousClock.Instant) -> Set<ObjectKey> {
    guard self.sight.clear(at: now) else { return [] }
    return self.yields.endBinding().reduce(into: []) { $0.formUnion(self.services.services(withAddress: $1)) }
  }

  // MARK: When this node sees

  /// Tells a node that was heard to announce what is this one's that it is, and will tell it again: that node may be no
  /// candidate, or come later, and not know it.
  mutating func object(to node: String, about key: ObjectKey, at now: ContinuousClock.Instant) -> [Action] {
    self.object(in: [Contest(service: key, node: node)], at: now)
  }

  /// Tells the nodes again that may not have heard it yet, and the neighbours, who may have believed those last.
  mutating func repeatObjections(at now: ContinuousClock.Instant) -> [Action] {
    let due = self.objections.due(at: now).filter { self.mayObject(in: $0) }
    let addresses = due.flatMap { self.services[$0.service]?.verdict?.announcement?.addresses ?? [] }
    return addresses.map { .defend($0) } + self.words(in: due, again: true)
  }

  /// Tells those nodes anew that the gossip has found again: they could not be told before.
  mutating func repeatObjections(to nodes: Set<String>, at now: ContinuousClock.Instant) -> [Action] {
    self.object(in: self.objections.end(to: nodes), at: now)
  }

  private mutating func object(in contests: [Contest], at now: ContinuousClock.Instant) -> [Action] {
    self.words(in: contests.filter { self.mayObject(in: $0) && self.objections.begin($0, at: now) }, again: false)
  }

  /// What each node is told, in as few notices as can be sent.
  private func words(in contests: [Contest], again: Bool) -> [Action] {
    Dictionary(grouping: contests, by: \.node).sorted { $0.key < $1.key }.flatMap { node, contests in
      ObjectionNotice.notices(from: self.settings.node, about: contests.map(\.service).sorted())
        .map { .object(node, $0, again: again) }
    }
  }

  /// Whether this node announces the Service, and sees what speaks for it.
  private func mayObject(in contest: Contest) -> Bool {
    self.sight.isClear && self.isAnnouncing(contest.service)
  }

  // MARK: When it does not

  /// Another node, which announces what this one does, says that it is not this one's. Who sees the cluster itself knows
  /// that as well, or will in a moment, and whoever is leaving has waited for somebody to announce.
  mutating func file(_ notice: ObjectionNotice, at now: ContinuousClock.Instant) -> Set<ObjectKey> {
    guard notice.node != self.settings.node, self.nodes[notice.node] != nil else { return [] }
    return notice.services.reduce(into: []) { $0.formUnion(self.leave($1, to: notice.node, at: now)) }
  }

  private mutating func leave(
    _ key: ObjectKey, to node: String, at now: ContinuousClock.Instant
  ) -> Set<ObjectKey> {
    guard self.isAnnouncing(key), let address = self.electionAddress(of: key) else { return [] }
    if !self.sight.isClear {
      self.yields.bind(address, to: node)
    } else if self.isDeparting || self.isHandingOver {
      self.yields.yield(address, to: node, at: now)
    } else {
      return []
    }
    let company = self.services.company(of: key)
    for key in company { self.changes.endAdoption(of: key) }
    return company
  }
}
