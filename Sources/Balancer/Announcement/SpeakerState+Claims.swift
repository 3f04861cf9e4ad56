import KubernetesModel
import Primitives

/// Owners that stay, and owners that are replaced although they are there: both by claims
/// (Docs/decisions/0024-owners-that-stay.md).
///
/// What the election reads is in ``OwnershipTable``, which all speakers see alike. What is in ``OwnerChanges`` only decides
/// when this node claims what another one has, and when it stops announcing what another one has claimed.
extension SpeakerState {
  /// Whether it counts who has claimed what: all speakers elect by it.
  var electsByClaims: Bool { self.nodes.members == nil || self.nodes.isUniform }

  /// A claim of a node that is not known to live is, more likely than not, the first sign of its life: this node claims
  /// nothing beyond it until the gossip has had time to find it.
  mutating func file(_ change: ObjectChange<OwnershipClaim>, at now: ContinuousClock.Instant) -> Set<ObjectKey> {
    let changed = self.ownership.apply(change)
    for key in changed { self.changes.endAdoption(of: key) }
    let touched = changed.filter { self.isClaimed($0) }
    guard case .applied(let claim) = change else { return touched }
    if self.isDeciding, let node = claim.node, self.nodes.members?.contains(node) == false {
      for key in touched { self.changes.doubt(key, at: now) }
    }
    guard !self.yields.isEmpty else { return touched }
    for key in touched { self.endYield(of: key, knowing: claim) }
    return touched
  }

  /// Ends a yield that a claim makes needless: one of this node that is later than what it was told, or the one it was
  /// told of. No claim ends one that is binding.
  private mutating func endYield(of key: ObjectKey, knowing claim: OwnershipClaim) {
    guard let address = self.electionAddress(of: key), let winner = self.yields[address],
      !self.yields.isBinding(address), let leader = self.ownership.leader(of: key, for: address),
      leader.node == claim.node
    else { return }
    let told = self.yields.term(of: address)
    if leader.node == self.settings.node {
      guard leader.term > told ?? 0 else { return }
    } else {
      guard let told, leader.node == winner, leader.term >= told, self.nodes.members?.contains(winner) == true else {
        return
      }
    }
    self.yields.end(address)
  }

  /// Whether claims decide who owns a Service, as far as was last seen.
  func isClaimed(_ key: ObjectKey) -> Bool { self.services[key].map { $0.policy.kind != .stateless } ?? false }

  /// The claim that counts for Services that share addresses, the first of which that is claimed decides for all.
  func leader(of company: some Sequence<ObjectKey>, for address: IPAddress) -> OwnershipTable.Title? {
    company.lazy.compactMap { self.ownership.leader(of: $0, for: address) }.first
  }

  /// The node that goes on with an address, as it has claimed it and is there, or as this one has found nobody there; nil =
  /// the order decides.
  func incumbent(
    of company: some Sequence<ObjectKey>, for address: IPAddress, by policy: ElectionPolicy,
    in candidacy: NodeTable.Candidacy
  ) -> String? {
    guard policy.kind != .stateless, self.electsByClaims else { return nil }
    if company.contains(where: { self.changes.isAdopted($0) }) { return self.settings.node }
    guard let leader = self.leader(of: company, for: address), let entry = self.nodes[leader.node],
      self.nodes.readiness(of: entry) == .ready, self.nodes.isCandidate(entry, in: candidacy)
    else { return nil }
    return leader.node
  }

  /// The term under which this node announces a Service; nil = claims do not decide.
  func term(
    of key: ObjectKey, for address: IPAddress, incumbent: String?, at now: ContinuousClock.Instant
  ) -> Int? {
    guard self.isClaimed(key), self.electsByClaims else { return nil }
    let held = self.services[key]?.verdict?.announcement?.term ?? 0
    // Whoever merely goes on for a moment claims nothing anew, and not any more what has not been written yet.
    guard incumbent == nil || incumbent == self.settings.node else { return min(held, self.writtenTerm(of: key) ?? 0) }
    guard let leader = self.ownership.leader(of: key, for: address) else { return max(held, 1) }
    if leader.node == self.settings.node { return max(held, leader.term) }
    guard !self.changes.isDoubtful(key, at: now) else { return min(held, self.writtenTerm(of: key) ?? 0) }
    return max(held, leader.term + 1)
  }

  /// The term of this node's own claim that is known to be written: others can go by that alone.
  private func writtenTerm(of key: ObjectKey) -> Int? { self.ownership.term(of: key, by: self.settings.node) }

  // MARK: Two on the wire

  /// Whether a node that announces what this one does is to have it.
  mutating func isBehind(
    _ node: String, for key: ObjectKey, _ address: IPAddress, in candidacy: NodeTable.Candidacy,
    at now: ContinuousClock.Instant
  ) -> Bool {
    if self.isClaimed(key), self.electsByClaims,
      let leader = self.leader(of: self.services.company(of: key).sorted(), for: address)
    {
      if leader.node == node { return true }
      // Whoever is not known to live may never be reached with words.
      let isReached = self.nodes.members?.contains(node) ?? true
      let isFresh = self.contests.isFresh(Contest(service: key, node: node), at: now)
      if leader.node == self.settings.node, isReached || isFresh { return false }
    }
    return self.nodes.precedes(node, self.settings.node, for: address, in: candidacy)
  }

  /// Tells a node that announces what this one does, or may, how this one stands to it, and will tell it again.
  mutating func contest(_ key: ObjectKey, with node: String, at now: ContinuousClock.Instant) {
    guard self.isContestable(key), self.contests.begin(Contest(service: key, node: node), at: now) else { return }
    self.contests.say(key, to: node, on: .contest)
  }

  /// Whether it matters to others that this node announces a Service.
  private func isContestable(_ key: ObjectKey) -> Bool {
    self.isClaimed(key) && self.electsByClaims && self.isAnnouncing(key)
  }

  /// Tells the nodes again that may not have heard it yet.
  mutating func remind(at now: ContinuousClock.Instant) {
    for contest in self.contests.due(at: now) {
      if self.isContestable(contest.service) {
        self.contests.say(contest.service, to: contest.node, on: .contest)
      } else {
        self.contests.settle(contest)
      }
    }
  }

  /// Tells a node that is back of what this one has taken over from it: what it knows of claims may be old.
  mutating func tellOfInheritance(_ node: String, at now: ContinuousClock.Instant) {
    for key in self.changes.takeInherited(from: node) { self.contest(key, with: node, at: now) }
  }

  /// What is said now that it is clear how this node stands: the term under which it is seen to have claimed a Service;
  /// with 0 it asks for the other one's.
  mutating func speak() -> [Action] {
    var actions: [Action] = []
    for (node, words) in self.contests.takeWords().sorted(by: { $0.key < $1.key }) {
      var stances: [ObjectKey: OwnershipNotice.Stance] = [:]
      for (key, occasion) in words {
        if !self.isAnnouncing(key) {
          stances[key] = .leaves
        } else if occasion == .contest {
          stances[key] = .announces(term: self.writtenTerm(of: key) ?? 0)
        }
      }
      actions += OwnershipNotice.notices(from: self.settings.node, of: stances).map { .tell(node, $0) }
    }
    return actions
  }

  /// Another node says how it stands to what this one announces, or may.
  mutating func file(_ notice: OwnershipNotice, at now: ContinuousClock.Instant) -> Set<ObjectKey> {
    guard self.isDeciding, notice.node != self.settings.node else { return [] }
    var touched: Set<ObjectKey> = []
    for (key, stance) in notice.stances.sorted(by: { $0.key < $1.key }) {
      switch stance {
      case .announces(let term): touched.formUnion(self.file(term, of: key, by: notice.node, at: now))
      case .leaves:
        let contest = Contest(service: key, node: notice.node)
        self.objections.end(contest)
        // Whoever waits to hear the one that has claimed the Service goes on asking.
        if !self.changes.hasFarewell(key) { self.contests.settle(contest) }
      }
    }
    return touched
  }

  /// Another node says that it owns what this one announces; one that errs is told. Against what it has written counts
  /// only what this one has written, too: whoever was cut off meant to claim a lot.
  private mutating func file(
    _ term: Int, of key: ObjectKey, by node: String, at now: ContinuousClock.Instant
  ) -> Set<ObjectKey> {
    guard self.isClaimed(key), self.electsByClaims, let address = self.electionAddress(of: key),
      let candidacy = self.candidacy(of: key), self.isAnnouncing(key) || self.yields[address] == node,
      self.nodes.mayOwn(node, in: candidacy)
    else {
      self.contests.say(key, to: node, on: .answer)
      return []
    }
    let held = self.writtenTerm(of: key) ?? 0
    // One that is leaving yields to anybody who announces, as it does to one that it hears.
    let isLater =
      self.isHandingOver || self.isDeparting
      || (term == held
        ? held > 0 && self.nodes.precedes(node, self.settings.node, for: address, in: candidacy)
        : term > held)
    guard isLater else {
      // Of equals neither is told, lest two that see the order differently go on telling each other.
      self.contests.say(key, to: node, on: term < held ? .contest : .answer)
      return []
    }
    let isSeen = self.ownership.term(of: key, by: node).map { $0 >= term } ?? false
    self.yields.yield(address, to: node, under: isSeen ? nil : term, at: now)
    self.contests.say(key, to: node, on: .answer)
    let company = self.services.company(of: key)
    for key in company { self.changes.endAdoption(of: key) }
    return company
  }

  // MARK: Claiming what another one has

  /// Claims a Service whose owner goes on, or stops to, as the case may be; `announcement` = what this node would
  /// announce then, nil if it must not.
  mutating func bid(
    for key: ObjectKey, at address: IPAddress, by policy: ElectionPolicy, in candidacy: NodeTable.Candidacy,
    incumbent: String?, wanting announcement: Layer2Announcement?, at now: ContinuousClock.Instant
  ) -> [Action] {
    guard let announcement, let incumbent, incumbent != self.settings.node, !self.isHandingOver else {
      self.changes.endWait(key)
      // Whoever leaves the Service to another one's word has not won before that word is forgotten.
      let isPending = announcement != nil && !self.isHandingOver && incumbent != nil
      return isPending ? [] : self.endBid(for: key, isWon: incumbent == self.settings.node)
    }
    if policy.kind == .sticky {
      if let holdDown = policy.holdDown, self.isFirst(for: address, in: candidacy) {
        if self.changes.hasWaited(key, for: holdDown, at: now) { self.changes.startBid(key, at: now) }
      } else {
        self.changes.endWait(key)
      }
    }
    guard let bid = self.changes.bids[key] else { return [] }
    guard let term = bid.term else {
      let term = self.ownership.nextTerm(of: key)
      self.changes.bid(key, term: term)
      return [.bid(key, announcement.interfaces, term: term)]
    }
    let leader = self.ownership.leader(of: key, for: address)
    guard bid.until <= now || leader.map({ $0.term >= term }) ?? false else { return [] }
    self.changes.postpone(key, at: now)
    self.loads.doubt(key)
    return self.endBid(for: key)
  }

  /// Takes a claim back, unless it has won, or what was claimed is announced from here by now, as its owner is gone.
  mutating func endBid(for key: ObjectKey, isWon: Bool = false) -> [Action] {
    self.changes.endBid(key) && !isWon && !self.isAnnouncing(key) ? [.abandonBid(key)] : []
  }

  /// Whether no candidate comes before this node in the order for an address, the present owner included.
  private func isFirst(for address: IPAddress, in candidacy: NodeTable.Candidacy) -> Bool {
    guard let own = self.nodes[self.settings.node] else { return false }
    return self.nodes.rival(of: own, for: address, in: candidacy) == nil
  }

  // MARK: Even loads

  /// So that what happens at one time is looked at once, and claims have been seen.
  private static let lookDelay = Duration.seconds(2)

  /// Notes since when this node could have taken anything, and that there may be something.
  mutating func noteLoads(at now: ContinuousClock.Instant) {
    let isAvailable = self.nodes[self.settings.node].map { self.nodes.unavailability(of: $0) == nil } ?? false
    let hasCompany = self.nodes.members.map { $0.count > 1 } ?? true
    if isAvailable, hasCompany, self.interfaces.values.contains(where: { !$0.isEmpty }) {
      self.ableSince = self.ableSince ?? now
    } else {
      self.ableSince = nil
    }
    if self.loads.changed.isEmpty {
      self.lookAt = nil
    } else if self.lookAt == nil {
      self.lookAt = now + Self.lookDelay
    }
  }

  /// When to look whether this node is to take something; nil = not as things are.
  var nextLookAt: ContinuousClock.Instant? {
    guard let ableSince, let lookAt, self.isDeciding, self.electsByClaims, !self.isDeparting, !self.isHandingOver,
      let holdDown = self.loads.changed.compactMap(\.policy.holdDown).min()
    else { return nil }
    return max(lookAt, ableSince + holdDown)
  }

  /// Takes what is this node's part to take, and returns the Services to decide anew.
  mutating func takeLoads(at now: ContinuousClock.Instant) -> Set<ObjectKey> {
    guard let ableSince, let nextLookAt, nextLookAt <= now else { return [] }
    self.lookAt = nil
    var taken: Set<ObjectKey> = []
    for group in self.loads.takeChanged() {
      guard let holdDown = group.policy.holdDown, ableSince + holdDown <= now else {
        self.loads.doubt(group)
        continue
      }
      let nodes = self.nodes.favourites(in: group.candidacy)
      guard nodes.contains(self.settings.node) else { continue }
      for move in LoadPlan(owned: self.loads.owned(in: group), nodes: nodes).moves
      where move.to == self.settings.node {
        self.changes.startBid(move.service, at: now)
        taken.insert(move.service)
      }
    }
    return taken
  }
}
