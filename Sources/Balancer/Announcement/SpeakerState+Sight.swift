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
    return [.object(node, ObjectionNotice(node: self.settings.node, services: [key]), again: false)]
  }

  /// Tells the nodes again that may not have heard it yet, and the neighbours, who may have believed those last.
  mutating func repeatObjections(at now: ContinuousClock.Instant) -> [Action] {
    let due = self.objections.due(at: now).filter { self.mayObject(in: $0) }
    let addresses = due.flatMap { self.services[$0.service]?.verdict?.announcement?.addresses ?? [] }
    let services = Dictionary(grouping: due, by: \.node).mapValues { $0.map(\.service) }
    return addresses.map { .defend($0) }
      + services.sorted { $0.key < $1.key }.flatMap { node, services in
        ObjectionNotice.notices(from: self.settings.node, about: services.sorted()).map {
          .object(node, $0, again: true)
        }
      }
  }

  /// Tells those nodes anew that the gossip has found again: they could not be told before.
  mutating func repeatObjections(to nodes: Set<String>, at now: ContinuousClock.Instant) -> [Action] {
    self.objections.end(to: nodes).flatMap { self.object(to: $0.node, about: $0.service, at: now) }
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
