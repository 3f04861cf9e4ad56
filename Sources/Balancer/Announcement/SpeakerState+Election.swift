import KubernetesModel
import Primitives

/// Who wins: whether this node is the owner of an address, and who is else.
extension SpeakerState {
  /// Why this node cannot be the owner, whoever else there is; nil = it is a candidate.
  func ineligibility(in candidacy: NodeTable.Candidacy) -> Withheld? {
    guard let own = self.nodes[self.settings.node], self.nodes.covers(candidacy, own) else {
      return .noMatchingAdvertisement
    }
    if let reason = self.nodes.unavailability(of: own) { return reason }
    if let demand = candidacy.links, !self.nodes.fits(own, in: candidacy) {
      return self.interfaces[demand.family]?.isEmpty == false ? .notOwner : .noLink
    }
    return self.nodes.isCandidate(own, in: candidacy) ? nil : .notOwner
  }

  /// The same without regard to interfaces, if neither this node nor any other candidate has one that fits: then the
  /// owner has to tell that it cannot announce.
  func candidacy(_ candidacy: NodeTable.Candidacy, for address: IPAddress) -> NodeTable.Candidacy {
    guard let own = self.nodes[self.settings.node], !self.nodes.fits(own, in: candidacy),
      self.nodes.anyCandidate(in: candidacy, except: self.settings.node, for: address) == nil
    else { return candidacy }
    var lenient = candidacy
    lenient.links = nil
    return lenient
  }

  /// Whether this node owns the address (no verdict yet), or why not; on what that hangs, and whether it only goes on until
  /// the owner is heard. `key` stands for the company of Services that share the address.
  mutating func election(
    of address: IPAddress, for key: ObjectKey, among company: [ObjectKey], in candidacy: NodeTable.Candidacy,
    incumbent: String?, after event: Event, at now: ContinuousClock.Instant
  ) -> (lost: Verdict<Layer2Announcement>?, hold: ServiceTable.Hold, isFarewell: Bool) {
    if let reason = self.ineligibility(in: candidacy) {
      if self.isLeftStanding(address, of: company, for: reason) { return (nil, .ownership, false) }
      let isForLinks = self.nodes[self.settings.node].map { !self.nodes.fits($0, in: candidacy) } ?? false
      let other =
        isForLinks ? self.nodes.anyCandidate(in: candidacy, except: self.settings.node, for: address) : nil
      return (.withhold(reason), other.map { .rival($0) } ?? .nothing, false)
    }
    if let node = self.yields[address], self.yields.isBinding(address) || self.nodes.mayOwn(node, in: candidacy) {
      return (.withhold(.notOwner), .rival(node), false)
    }
    guard let own = self.nodes[self.settings.node] else {
      return (.withhold(.noMatchingAdvertisement), .nothing, false)
    }
    let isAnnounced = company.contains { self.isAnnouncing($0) }
    if let incumbent, incumbent != self.settings.node {
      // Nobody stops for what is merely written, but for a moment later, and then asks whether the other one is there.
      if isAnnounced {
        if self.changes.isStaying(key, at: now) { return (nil, .ownership, true) }
        self.yields.yield(address, to: incumbent, at: now)
      }
      return (.withhold(.notOwner), .rival(incumbent), false)
    }
    if incumbent != nil { return (nil, .ownership, false) }
    if let rival = self.nodes.rival(of: own, for: address, in: candidacy) {
      // Nor for what nobody has said yet: the other one may see later what this one sees. But one that the gossip has found
      // again may have announced all the while, and has no cause to say so.
      let isOfMembers = if case .members = event { true } else { false }
      let mayStay = isAnnounced && self.nodes.isUniform && !self.isClaimed(key) && !isOfMembers
      let isStaying = mayStay && self.changes.isStaying(key, at: now)
      return isStaying ? (nil, .ownership, true) : (.withhold(.notOwner), .rival(rival), false)
    }
    return (nil, .ownership, false)
  }

  /// Who comes before this node for an address that another one owns, two at most; none where nobody's end is watched for.
  func predecessors(
    of address: IPAddress, in candidacy: NodeTable.Candidacy, hold: ServiceTable.Hold, incumbent: String?
  ) -> [String] {
    guard case .rival = hold, self.settings.failureDetector == .gossip || incumbent != nil,
      let own = self.nodes[self.settings.node], self.nodes.isCandidate(own, in: candidacy)
    else { return [] }
    let rivals = self.nodes.rivals(of: own, for: address, in: candidacy, limit: 2)
    guard let incumbent, incumbent != self.settings.node else { return rivals }
    return [incumbent] + rivals.filter { $0 != incumbent }.prefix(1)
  }

  /// The Services that this node announces, of several that share an address and differ in their candidates.
  ///
  /// The owner is a candidate for as many of them as possible: for those that have candidates that are ready first, then
  /// for those whose traffic stays local, as they have less choice; what is left goes by name. A Service that none of
  /// the nodes left can serve is announced nowhere, as a second owner would take the address from the first (contract
  /// section 21.26).
  func entangledElection(of address: IPAddress, among contenders: [Contender]) -> Set<ObjectKey> {
    let choices = contenders.compactMap { contender -> (best: NodeView.Readiness, nodes: Set<String>, of: Contender)? in
      let nodes = self.nodes.candidates(in: contender.candidacy)
      let readiness = nodes.compactMap { self.nodes[$0] }.map { self.nodes.readiness(of: $0) }
      guard let best = readiness.max() else { return nil }
      return (best, Set(zip(nodes, readiness).filter { $0.1 == best }.map(\.0)), contender)
    }
    let ordered = choices.sorted { left, right in
      if left.best != right.best { return left.best > right.best }
      let (leftIsLocal, rightIsLocal) = (left.of.candidacy.localNodes != nil, right.of.candidacy.localNodes != nil)
      return leftIsLocal == rightIsLocal ? left.of.key < right.of.key : leftIsLocal
    }
    guard var common = ordered.first?.nodes else { return [] }
    var served: Set<ObjectKey> = []
    for choice in ordered where !common.isDisjoint(with: choice.nodes) {
      common.formIntersection(choice.nodes)
      served.insert(choice.of.key)
    }
    let preferring = contenders.reduce(into: Set()) { $0.formUnion($1.candidacy.preferring) }
    let newcomers = contenders.reduce(into: Set()) { $0.formUnion($1.candidacy.newcomers) }
    let owner = self.nodes.owner(
      of: address, among: common.sorted(), preferredBy: preferring, newcomers: newcomers)
    return owner == self.settings.node ? served : []
  }

  /// The node that announces a Service, as every speaker sees it that is not just handing over; nil = none can.
  package func owner(of key: ObjectKey) -> String? {
    let contenders = self.services.company(of: key).sorted().compactMap { self.services[$0] }
      .compactMap { try? self.contender($0) }
    guard let subject = contenders.first(where: { $0.key == key }), let address = contenders.map(\.address).min()
    else { return nil }
    let nodes = contenders.map { Set(self.nodes.candidates(in: $0.candidacy)) }
      .reduce(into: Set(self.nodes.candidates(in: subject.candidacy))) { common, nodes in
        if !common.isDisjoint(with: nodes) { common.formIntersection(nodes) }
      }
    if let policy = self.services[key]?.policy,
      let incumbent = self.incumbent(
        of: contenders.map(\.key), for: address, by: policy, in: subject.candidacy), nodes.contains(incumbent)
    {
      return incumbent
    }
    return self.nodes.owner(
      of: address, among: nodes.sorted(), preferredBy: subject.candidacy.preferring,
      newcomers: subject.candidacy.newcomers)
  }

  /// Whether a node, as it is now, would take an address from this one, its owner.
  func isThreatened(_ key: ObjectKey, by node: String) -> Bool {
    guard self.services.company(of: key).count == 1 else { return true }
    guard let record = self.services[key], let contender = try? self.contender(record),
      let own = self.nodes[self.settings.node], let other = self.nodes[node]
    else { return false }
    guard self.nodes.isCandidate(other, in: contender.candidacy) else { return false }
    guard self.nodes.fits(own, in: contender.candidacy) else { return true }
    let incumbent = self.incumbent(of: [key], for: contender.address, by: record.policy, in: contender.candidacy)
    if let incumbent { return incumbent != own.view.name }
    let rank = Layer2Election.Rank(of: own.view.name, for: contender.address)
    return self.nodes.outranks(other, own, rank: rank, for: contender.address, in: contender.candidacy)
  }
}
