import KubernetesModel
import Primitives

/// What follows from a verdict: what is announced and withdrawn, and what users see of it.
extension SpeakerState {
  /// Files what became of a contender: it lost, or it is announced as far as its addresses are free.
  mutating func conclude(
    _ contender: Contender, lost: Verdict<Layer2Announcement>?, hold: ServiceTable.Hold, term: Int? = nil
  ) -> [Action] {
    let verdict = lost ?? self.announcement(of: contender, term: term)
    guard let announcement = verdict.announcement else { return self.conclude(contender.key, verdict, hold: hold) }
    let (vetted, actions) = self.vet(announcement)
    return actions + self.file(contender.key, vetted, hold: hold)
  }

  /// The announcement of a Service that this node owns, unless it lacks what is needed.
  func announcement(of contender: Contender, term: Int?) -> Verdict<Layer2Announcement> {
    guard let own = self.nodes[self.settings.node], let view = self.services[contender.key]?.view else {
      return .withhold(.notOwner)
    }
    let addresses = view.addresses.filter { self.settings.families.contains($0.family) }
    guard !addresses.isEmpty else { return .withhold(.familyNotSupported) }
    let reachable = addresses.filter { self.interfaces[$0.family]?.isEmpty == false }
    guard !reachable.isEmpty else { return .withhold(.noLink) }
    let selections = contender.advertisements
      .filter { $0.nodeSelectors.isEmpty || own.selectedBy.contains($0.key) }
      .map(\.interfaces)
    let interfaces = selections.dropFirst().reduce(selections.first ?? .all) { $0.union($1) }
    if case .named(let names) = interfaces {
      let present = Set(reachable.map(\.family)).contains { family in
        !(self.interfaces[family] ?? []).isDisjoint(with: names)
      }
      guard present else { return .withhold(.noMatchingInterface) }
    }
    return .announce(
      Layer2Announcement(
        service: contender.key, addresses: reachable, interfaces: interfaces, term: term))
  }

  /// Files a verdict on a Service that waits for no probe, and returns what it changes.
  mutating func conclude(
    _ key: ObjectKey, _ verdict: Verdict<Layer2Announcement>, hold: ServiceTable.Hold
  ) -> [Action] {
    self.stopWaiting(key) + self.file(key, verdict, hold: hold)
  }

  private mutating func file(
    _ key: ObjectKey, _ verdict: Verdict<Layer2Announcement>, hold: ServiceTable.Hold
  ) -> [Action] {
    guard let record = self.services[key] else { return [] }
    self.services.conclude(key, verdict: verdict, hold: hold)
    self.succession.put(key, rivals: [])
    guard record.verdict != verdict else { return [] }
    let (old, new) = (record.verdict?.announcement, verdict.announcement)
    var actions: [Action] = []
    if let old, !Set(old.addresses).isSubset(of: new?.addresses ?? []) {
      let reason = self.reason(forEnding: old, of: record.view, verdict)
      actions.append(.withdraw(key, old.addresses, .layer2, reason))
    }
    actions += self.claims.replace(old, with: new).map { change in
      switch change {
      case .claimed(let address, let interfaces): .claim(address, on: interfaces)
      case .released(let address): .release(address)
      }
    }
    switch verdict {
    case .announce(let announcement):
      actions.append(.announce(.layer2(announcement)))
      if Set(old?.addresses ?? []) != Set(announcement.addresses) {
        actions.append(.emit(self.nodeAssigned(record.view, by: .layer2)))
        actions += self.strictARPNotes(
          record.view, announcement.addresses.filter { !(old?.addresses ?? []).contains($0) })
      }
    case .withhold(.noMatchingInterface):
      actions += record.view.addresses.map { .emit(self.announceFailed(record.view, $0)) }
    case .withhold:
      break
    }
    return actions
  }

  /// Addresses that the Service has no longer end for that reason, whatever becomes of its new ones.
  private func reason(
    forEnding old: Layer2Announcement, of view: ExposedService, _ verdict: Verdict<Layer2Announcement>
  ) -> Withheld {
    let current = view.addresses.filter { self.settings.families.contains($0.family) }
    if case .addresses = view.ingress, Set(current) != Set(old.addresses) { return .loadBalancerIPChanged }
    guard case .withhold(let reason) = verdict else { return .loadBalancerIPChanged }
    return reason
  }

  // MARK: What users see (contract section 5)

  func nodeAssigned(_ service: ExposedService, by announcing: AnnouncingProtocol) -> EventNote {
    EventNote(
      object: service.reference, type: .normal, reason: "nodeAssigned",
      message: "announcing from node \(GoText.quoted(self.settings.node)) with protocol "
        + GoText.quoted(announcing.rawValue))
  }

  private func announceFailed(_ service: ExposedService, _ address: IPAddress) -> EventNote {
    EventNote(
      object: service.reference, type: .warning, reason: "announceFailed",
      message: "the interfaces specified by LB IP \(GoText.quoted(address.description)) doesn't exist in assigned node "
        + "\(GoText.quoted(self.settings.node)) with protocol \(GoText.quoted(AnnouncingProtocol.layer2.rawValue))")
  }
}
