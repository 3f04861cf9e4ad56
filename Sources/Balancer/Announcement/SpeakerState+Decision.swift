import KubernetesModel
import Primitives

extension SpeakerState {
  /// A Service that somebody may announce, with what the election needs of it.
  struct Contender {
    let key: ObjectKey
    let address: IPAddress
    let candidacy: NodeTable.Candidacy
    let advertisements: [L2AdvertisementConfiguration]
  }

  /// Decides Services anew, each together with those that it shares addresses with, as they must have the same owner.
  mutating func decide(_ touched: Set<ObjectKey>, after event: Event, at now: ContinuousClock.Instant) -> [Action] {
    var remaining = touched
    var actions: [Action] = []
    for key in touched.sorted() where remaining.contains(key) {
      let company = self.services.company(of: key)
      remaining.subtract(company)
      actions += self.decide(company: company.sorted(), after: event, at: now)
    }
    return actions
  }

  private mutating func decide(company: [ObjectKey], after event: Event, at now: ContinuousClock.Instant) -> [Action] {
    self.decisions += company.count
    for key in company { self.yields.doubt(self.services[key]?.view.addresses ?? []) }
    var actions: [Action] = []
    var contenders: [Contender] = []
    for key in company {
      guard let record = self.services[key] else { continue }
      do throws(Refusal) {
        contenders.append(try self.contender(record))
      } catch {
        actions += self.conclude(key, .withhold(error.reason), hold: .nothing)
        actions += self.disregardClaims(on: key)
      }
    }
    guard let first = contenders.first, let address = contenders.map(\.address).min() else { return actions }
    if contenders.dropFirst().allSatisfy({ $0.candidacy == first.candidacy }) {
      actions += self.decide(contenders, first, on: address, after: event, at: now)
    } else {
      for contender in contenders { actions += self.disregardClaims(on: contender.key) }
      let winners = self.entangledElection(of: address, among: contenders)
      for contender in contenders {
        let reason = self.ineligibility(in: contender.candidacy) ?? .notOwner
        let isKept =
          winners.contains(contender.key) || self.isLeftStanding(contender.key, address: address, for: reason)
        let loss: Verdict<Layer2Announcement>? = isKept ? nil : .withhold(reason)
        actions += self.conclude(contender, lost: loss, hold: .everyone)
      }
    }
    return actions
  }

  /// Decides Services that share an address and may have the same owners.
  private mutating func decide(
    _ contenders: [Contender], _ first: Contender, on address: IPAddress, after event: Event,
    at now: ContinuousClock.Instant
  ) -> [Action] {
    let policy = contenders.flatMap(\.advertisements).map(\.policy).max() ?? .stateless
    for contender in contenders { self.services.elect(contender.key, by: policy) }
    // One stands for all.
    for contender in contenders.dropFirst() { self.loads.put(contender.key, in: nil, owner: nil) }
    let candidacy = self.candidacy(first.candidacy, for: address)
    let incumbent = self.incumbent(of: contenders.map(\.key), for: address, by: policy, in: candidacy)
    let wasFarewell = self.changes.hasFarewell(first.key)
    let (verdict, hold, isFarewell) = self.election(
      of: address, for: first.key, in: candidacy, incumbent: incumbent, after: event, at: now)
    if !isFarewell { self.changes.endFarewell(first.key) }
    if verdict != nil { for contender in contenders { self.changes.endAdoption(of: contender.key) } }
    let rivals = self.predecessors(of: address, in: candidacy, hold: hold, incumbent: incumbent)
    var actions: [Action] = []
    for contender in contenders {
      let term = self.term(of: contender.key, for: address, incumbent: incumbent, at: now)
      actions += self.conclude(contender, lost: verdict, hold: hold, term: term)
      self.succession.put(contender.key, rivals: rivals)
    }
    guard policy.kind != .stateless else {
      return actions + self.disregardClaims(on: first.key, isFarewell: isFarewell)
    }
    if let incumbent, isFarewell, !wasFarewell {
      // If it announces already, there is no need to go on.
      self.contest(first.key, with: incumbent, at: now)
    } else if verdict == nil, incumbent == nil, let leader = self.ownership.leader(of: first.key, for: address),
      leader.node != self.settings.node
    {
      self.changes.inherit(first.key, from: leader.node)
    }
    // Where traffic stays on the node that it reaches, endpoints decide.
    let isWeighed = policy.kind == .balanced && candidacy.localNodes == nil
    self.loads.put(
      first.key, in: isWeighed ? LoadTable.Group(candidacy: candidacy, policy: policy) : nil, owner: incumbent)
    let isBehind = verdict == .withhold(.notOwner) && self.ineligibility(in: candidacy) == nil
    return actions
      + self.bid(
        for: first.key, at: address, by: policy, in: candidacy, incumbent: incumbent,
        wanting: isBehind ? self.announcement(of: first, term: nil).announcement : nil, at: now)
  }

  /// A Service whose owner is elected without regard to claims; this node may go on until that one is heard.
  mutating func disregardClaims(on key: ObjectKey, isFarewell: Bool = false) -> [Action] {
    self.changes.endAdoption(of: key)
    self.changes.disinherit(key)
    self.services.elect(key, by: .stateless)
    self.loads.put(key, in: nil, owner: nil)
    if !isFarewell { self.changes.endFarewell(key) }
    self.changes.endWait(key)
    return self.endBid(for: key)
  }

  // MARK: Who takes part

  struct Refusal: Error {
    let reason: Withheld
  }

  /// The order of the checks is that of contract sections 10 and 11.1.
  func contender(_ record: ServiceTable.Record) throws(Refusal) -> Contender {
    let view = record.view
    let address: IPAddress
    switch view.ingress {
    case .none: throw Refusal(reason: .noIPAllocated)
    case .invalid: throw Refusal(reason: .invalidIP)
    case .addresses(let addresses):
      guard let first = addresses.first else { throw Refusal(reason: .noIPAllocated) }
      address = first
    }
    guard let pool = record.pool else { throw Refusal(reason: .ipNotAllowed) }
    let endpoints = self.endpoints.summary(of: view.key)
    guard endpoints.isUsable else { throw Refusal(reason: .notOwner) }
    let advertisements = self.advertisements(for: pool, isHeld: record.isHeld)
      .filter { $0.selects(service: view.labels) }
    guard !advertisements.isEmpty else { throw Refusal(reason: .noMatchingAdvertisement) }
    guard !view.mayShareAddress || advertisements.allSatisfy(\.serviceSelectors.isEmpty) else {
      throw Refusal(reason: .sharedIPWithServiceSelector)
    }
    let coversAll = advertisements.contains { $0.nodeSelectors.isEmpty }
    let candidacy = NodeTable.Candidacy(
      advertisements: coversAll ? nil : Set(advertisements.map(\.key)),
      localNodes: view.keepsTrafficLocal ? endpoints.nodes : nil,
      // Where some elect as upstream does, all must.
      newcomers: view.keepsTrafficLocal && self.nodes.isUniform ? endpoints.newcomers : [],
      preferring: Set(advertisements.filter { !$0.preferences.isEmpty }.map(\.key)),
      links: LinkDemand(advertisements, family: address.family))
    return Contender(key: view.key, address: address, candidacy: candidacy, advertisements: advertisements)
  }

  /// Which nodes may own a Service that can be announced at all.
  func candidacy(of key: ObjectKey) -> NodeTable.Candidacy? {
    self.services[key].flatMap { try? self.contender($0) }?.candidacy
  }

  private func advertisements(
    for pool: ServiceTable.PoolIdentity, isHeld: Bool
  ) -> [L2AdvertisementConfiguration] {
    if !isHeld, let advertisements = self.advertisementsByPool[pool.name] { return advertisements }
    return self.advertisements.advertisements(forPool: pool.name, labels: pool.labels)
  }

  // MARK: What follows

  /// Files what became of a contender: it lost, or it is announced as far as its addresses are free.
  private mutating func conclude(
    _ contender: Contender, lost: Verdict<Layer2Announcement>?, hold: ServiceTable.Hold, term: Int? = nil
  ) -> [Action] {
    let verdict = lost ?? self.announcement(of: contender, term: term)
    guard let announcement = verdict.announcement else { return self.conclude(contender.key, verdict, hold: hold) }
    let (vetted, actions) = self.vet(announcement)
    return actions + self.file(contender.key, vetted, hold: hold)
  }

  /// The announcement of a Service that this node owns, unless it lacks what is needed.
  private func announcement(of contender: Contender, term: Int?) -> Verdict<Layer2Announcement> {
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
