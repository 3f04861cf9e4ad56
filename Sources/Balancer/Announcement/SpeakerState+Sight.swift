import KubernetesModel

/// Who is cut off from the API server does not know what has become of its own candidacy: that its endpoints are not ready any
/// more, or that it is labelled. It goes on, as the API server may be away for everybody, until it hears of somebody who knows
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
    let contest = Contest(service: key, node: node)
    guard self.mayObject(in: contest), self.objections.begin(contest, at: now) else { return [] }
    return [self.objection(in: contest, again: false)]
  }

  /// Tells the nodes again that may not have heard it yet, and the neighbours, who may have believed those last.
  mutating func repeatObjections(at now: ContinuousClock.Instant) -> [Action] {
    self.objections.due(at: now).filter { self.mayObject(in: $0) }.flatMap { contest in
      (self.services[contest.service]?.verdict?.announcement?.addresses ?? []).map { .defend($0) }
        + [self.objection(in: contest, again: true)]
    }
  }

  /// Tells those nodes anew that the gossip has found again: they could not be told before.
  mutating func repeatObjections(to nodes: Set<String>, at now: ContinuousClock.Instant) -> [Action] {
    self.objections.end(to: nodes).flatMap { self.object(to: $0.node, about: $0.service, at: now) }
  }

  private func objection(in contest: Contest, again: Bool) -> Action {
    .object(contest.node, ObjectionNotice(service: contest.service, node: self.settings.node), again: again)
  }

  /// Whether this node announces the Service, and sees what speaks for it.
  private func mayObject(in contest: Contest) -> Bool {
    self.sight.isClear && self.isAnnouncing(contest.service)
  }

  // MARK: When it does not

  /// Another node, which announces what this one does, says that this one may not. Who sees the cluster itself knows that
  /// as well, or will in a moment, and whoever is leaving has waited for somebody to announce.
  mutating func file(_ notice: ObjectionNotice, at now: ContinuousClock.Instant) -> Set<ObjectKey> {
    guard notice.node != self.settings.node, self.nodes[notice.node] != nil, self.isAnnouncing(notice.service),
      let address = self.electionAddress(of: notice.service)
    else { return [] }
    if !self.sight.isClear {
      self.yields.bind(address, to: notice.node)
    } else if self.isDeparting || self.isHandingOver {
      self.yields.yield(address, to: notice.node, at: now)
    } else {
      return []
    }
    let company = self.services.company(of: notice.service)
    for key in company { self.changes.endAdoption(of: key) }
    return company
  }
}
