import KubernetesModel
import Primitives

/// Who announces what, decided anew for the Services that an event touches.
extension SpeakerState {
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
          winners.contains(contender.key) || self.isLeftStanding(address, of: [contender.key], for: reason)
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
    let keys = contenders.map(\.key)
    let incumbent = self.incumbent(of: keys, for: address, by: policy, in: candidacy)
    let wasFarewell = self.changes.hasFarewell(first.key)
    let (verdict, hold, isFarewell) = self.election(
      of: address, for: first.key, among: keys, in: candidacy, incumbent: incumbent, after: event, at: now)
    for key in keys {
      if !isFarewell { self.changes.endFarewell(key) }
      if verdict != nil { self.changes.endAdoption(of: key) }
    }
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
}
