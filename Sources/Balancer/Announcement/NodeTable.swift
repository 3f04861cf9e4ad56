import KubernetesModel
import Primitives

/// Every Node of the cluster, with what makes it a candidate for owning addresses.
///
/// The search for a rival of this node looks at those that live alone, stops at the first one found and begins at a
/// different place for each address: on average it looks at as many nodes as the logarithm of their number, and it spreads
/// evenly which rival each address depends on, so that the loss of one node concerns few addresses.
package struct NodeTable: Sendable, Equatable {
  package struct Entry: Sendable, Equatable {
    package var view: NodeView
    /// The advertisements with node selectors that select this node.
    package var selectedBy: Set<ObjectKey>
    /// How much each advertisement with preferences wants this node as an owner; only those that do.
    package var scores: [ObjectKey: Int] = [:]
  }

  private struct OwnInterfaces: Sendable, Equatable {
    var node: String
    var interfaces: [IPFamily: Set<String>]
  }

  private var entries: [String: Entry] = [:]
  /// The names in order, for searches.
  private(set) var names: [String] = []
  private var byAddress: [IPAddress: String] = [:]
  /// The hardware addresses from which nodes announce, as they have told last, gone or not.
  private var hardware = HardwareTable()
  /// Those with node selectors, and those with preferences.
  private var selective: [ObjectKey: L2AdvertisementConfiguration] = [:]
  private var preferring: [ObjectKey: L2AdvertisementConfiguration] = [:]
  /// The nodes whose speakers are alive; nil = their readiness has to tell.
  package private(set) var members: Set<String>?
  /// The same in order, for searches.
  private var memberNames: [String]?
  private var facts: [String: LiveMembers.Facts] = [:]
  /// Whether the speakers of all members elect by the facts that they tell.
  private(set) var isUniform = false
  /// This node's interfaces as they are, which is newer than what the others know of them.
  private var ownInterfaces: OwnInterfaces?
  /// All interfaces that any member has, and whether that is known of each.
  private(set) var interfaceNames: [IPFamily: Set<String>] = [:]
  private(set) var knowsAllInterfaces = false
  private let ignoresExclusion: Bool

  package init(ignoresExclusion: Bool = false) {
    self.ignoresExclusion = ignoresExclusion
  }

  package subscript(name: String) -> Entry? { self.entries[name] }

  package var count: Int { self.names.count }

  // MARK: Changes

  /// Takes one change into account, and returns the node with its entries before and after if they differ.
  package mutating func apply(_ change: ObjectChange<NodeView>) -> (name: String, before: Entry?, after: Entry?)? {
    switch change {
    case .applied(let view):
      let before = self.entries[view.name]
      guard before?.view != view else { return nil }
      let after = Entry(
        view: view, selectedBy: self.advertisements(selecting: view.labels), scores: self.scores(of: view.labels))
      self.entries[view.name] = after
      if before?.view.addresses != view.addresses {
        self.forget(before?.view.addresses ?? [], of: view.name)
        for address in view.addresses { self.byAddress[address] = view.name }
      }
      if before == nil { self.names.insert(view.name, at: self.position(of: view.name)) }
      return (view.name, before, after)
    case .deleted(let key):
      guard let before = self.entries.removeValue(forKey: key.name) else { return nil }
      self.names.remove(at: self.position(of: key.name))
      self.forget(before.view.addresses, of: key.name)
      self.hardware.put([], of: key.name)
      return (key.name, before, nil)
    case .malformed, .synced:
      return nil
    }
  }

  private mutating func forget(_ addresses: [IPAddress], of name: String) {
    for address in addresses where self.byAddress[address] == name { self.byAddress[address] = nil }
  }

  /// The node that is somebody who was heard: it has told of his hardware address, or is known by one of his others.
  package func node(of holder: AddressHolder) -> String? {
    self.hardware.node(with: holder.hardware) ?? holder.addresses.lazy.compactMap { self.byAddress[$0] }.first
  }

  /// What is different with other members than before.
  package struct MemberChange: Sendable, Equatable {
    package var left: Set<String>
    /// Those that came, went, or tell something else.
    package var changed: Set<String>
    /// Whether facts count now and did not before, or the other way round.
    package var isOfRules: Bool
  }

  /// Puts other members in place.
  package mutating func setMembers(_ live: LiveMembers) -> MemberChange {
    let (old, oldFacts, wasUniform) = (self.members ?? [], self.facts, self.isUniform)
    self.members = live.names
    if live.names != old || self.memberNames == nil { self.memberNames = live.names.sorted() }
    self.facts = live.facts.filter { live.names.contains($0.key) }
    for (name, facts) in self.facts where !facts.hardware.isEmpty { self.hardware.put(facts.hardware, of: name) }
    self.isUniform = live.isUniform
    self.collectInterfaceNames()
    let updated = live.names.intersection(old).filter { self.facts[$0] != oldFacts[$0] }
    return MemberChange(
      left: old.subtracting(live.names), changed: live.names.symmetricDifference(old).union(updated),
      isOfRules: wasUniform != self.isUniform)
  }

  /// This node's interfaces are now these.
  mutating func setInterfaces(_ interfaces: [IPFamily: Set<String>], of node: String) {
    self.ownInterfaces = OwnInterfaces(node: node, interfaces: interfaces)
    self.collectInterfaceNames()
  }

  private mutating func collectInterfaceNames() {
    self.interfaceNames = self.ownInterfaces?.interfaces ?? [:]
    self.knowsAllInterfaces = self.isUniform && self.facts.values.allSatisfy { $0.interfaces != nil }
    guard self.isUniform else { return }
    for facts in self.facts.values {
      self.interfaceNames.merge(facts.interfaces ?? [:]) { $0.union($1) }
    }
  }

  /// The interfaces of a node, by family; nil = not known.
  func interfaces(of node: String) -> [IPFamily: Set<String>]? {
    if let own = self.ownInterfaces, own.node == node { return own.interfaces }
    return self.facts[node]?.interfaces
  }

  /// Puts an advertisement in place of the one with its key; nil, or one for all nodes = it selects none by label.
  package mutating func select(by advertisement: L2AdvertisementConfiguration?, key: ObjectKey) {
    self.prefer(by: advertisement, key: key)
    let selectors = advertisement?.nodeSelectors ?? []
    guard self.selective[key]?.nodeSelectors ?? [] != selectors else { return }
    self.selective[key] = selectors.isEmpty ? nil : advertisement
    for name in self.names {
      guard var entry = self.entries[name] else { continue }
      if !selectors.isEmpty, selectors.anyMatches(entry.view.labels) {
        guard entry.selectedBy.insert(key).inserted else { continue }
      } else {
        guard entry.selectedBy.remove(key) != nil else { continue }
      }
      self.entries[name] = entry
    }
  }

  private mutating func prefer(by advertisement: L2AdvertisementConfiguration?, key: ObjectKey) {
    let new = advertisement.flatMap { $0.preferences.isEmpty ? nil : $0 }
    guard self.preferring[key] != new else { return }
    self.preferring[key] = new
    for name in self.names {
      let score = new.map { Self.score(of: self.entries[name]?.view.labels ?? [:], by: $0) } ?? 0
      self.entries[name]?.scores[key] = score > 0 ? score : nil
    }
  }

  /// The weights of all preferences that match a node; none if the advertisement does not select it (contract section 19).
  private static func score(of labels: [String: String], by advertisement: L2AdvertisementConfiguration) -> Int {
    guard advertisement.selects(node: labels) else { return 0 }
    return advertisement.preferences.reduce(0) { $0 + ([$1.nodes].anyMatches(labels) ? $1.weight : 0) }
  }

  private func scores(of labels: [String: String]) -> [ObjectKey: Int] {
    self.preferring.mapValues { Self.score(of: labels, by: $0) }.filter { $0.value > 0 }
  }

  /// How much a node is preferred as an owner.
  private func score(of entry: Entry, in candidacy: Candidacy) -> Int {
    candidacy.preferring.reduce(0) { $0 + (entry.scores[$1] ?? 0) }
  }

  private func advertisements(selecting labels: [String: String]) -> Set<ObjectKey> {
    Set(self.selective.values.filter { $0.nodeSelectors.anyMatches(labels) }.map(\.key))
  }

  private func position(of name: String) -> Int {
    var (low, high) = (0, self.names.count)
    while low < high {
      let middle = (low + high) / 2
      if self.names[middle] < name { low = middle + 1 } else { high = middle }
    }
    return low
  }

  // MARK: Candidates

  /// Why a node may not announce whatever the Service; nil = it may.
  package func unavailability(of entry: Entry) -> Withheld? {
    if entry.view.isNetworkUnavailable { return .nodeNetworkUnavailable }
    if self.isBarred(entry) { return .nodeLabeledExcludeBalancers }
    if let members, !members.contains(entry.view.name) { return .notOwner }
    return nil
  }

  /// Whether a node is labelled so as to announce nothing.
  package func isBarred(_ entry: Entry) -> Bool { entry.view.isBarred(ignoringExclusion: self.ignoresExclusion) }

  /// All that decisions read of a node; what leaves it equal can change no verdict.
  package struct Standing: Sendable, Hashable {
    var unavailability: Withheld?
    var readiness: NodeView.Readiness
    var selectedBy: Set<ObjectKey>
    var scores: [ObjectKey: Int]
  }

  package func standing(of entry: Entry) -> Standing {
    Standing(
      unavailability: self.unavailability(of: entry), readiness: self.readiness(of: entry),
      selectedBy: entry.selectedBy, scores: entry.scores)
  }

  /// How much is to be believed in a candidate: the best ones there are compete. So nodes that are not ready yield to
  /// those that are, and where none is (the API server's trouble, more likely than everybody's) all carry on.
  package func readiness(of entry: Entry) -> NodeView.Readiness {
    self.members == nil ? entry.view.readiness : .ready
  }

  /// What decides between candidates before the order for an address does, the most important first.
  private struct Merit: Sendable, Hashable, Comparable {
    var readiness: NodeView.Readiness
    var isSettled: Bool
    var score: Int

    static func < (left: Merit, right: Merit) -> Bool {
      guard left.readiness == right.readiness else { return left.readiness < right.readiness }
      guard left.isSettled == right.isSettled else { return right.isSettled }
      return left.score < right.score
    }
  }

  private func merit(of entry: Entry, in candidacy: Candidacy) -> Merit {
    Merit(
      readiness: self.readiness(of: entry), isSettled: !candidacy.newcomers.contains(entry.view.name),
      score: self.score(of: entry, in: candidacy))
  }

  /// Whether some advertisement of the candidacy covers the node.
  package func covers(_ candidacy: Candidacy, _ entry: Entry) -> Bool {
    candidacy.advertisements.map { !$0.isDisjoint(with: entry.selectedBy) } ?? true
  }

  package func isCandidate(_ entry: Entry, in candidacy: Candidacy) -> Bool {
    (candidacy.localNodes?.contains(entry.view.name) ?? true) && self.covers(candidacy, entry)
      && self.unavailability(of: entry) == nil && self.fits(entry, in: candidacy)
  }

  /// Whether a node that was heard to announce could be the owner: the failure detector may not have seen it yet, all
  /// else must hold.
  package func mayOwn(_ name: String, in candidacy: Candidacy) -> Bool {
    guard let entry = self.entries[name], candidacy.localNodes?.contains(name) ?? true else { return false }
    return self.covers(candidacy, entry) && !entry.view.isNetworkUnavailable && !self.isBarred(entry)
      && self.fits(entry, in: candidacy)
  }

  /// Whether one node comes before another in the order for an address, whatever is known of their health.
  package func precedes(_ name: String, _ other: String, for address: IPAddress, in candidacy: Candidacy) -> Bool {
    let (mine, theirs) = (self.score(of: name, in: candidacy), self.score(of: other, in: candidacy))
    return mine == theirs ? Layer2Election.owner(of: address, among: [name, other]) == name : mine > theirs
  }

  private func score(of name: String, in candidacy: Candidacy) -> Int {
    self.entries[name].map { self.score(of: $0, in: candidacy) } ?? 0
  }

  /// The names of all candidates, in order; of all that would be, if none has an interface that fits.
  package func candidates(in candidacy: Candidacy) -> [String] {
    let names = candidacy.localNodes?.sorted() ?? self.names
    let candidates = names.filter { name in self.entries[name].map { self.isCandidate($0, in: candidacy) } ?? false }
    guard candidates.isEmpty, self.isUniform, candidacy.links != nil else { return candidates }
    var lenient = candidacy
    lenient.links = nil
    return self.candidates(in: lenient)
  }

  /// The names of the candidates that none other comes before by anything but the order for an address.
  package func favourites(in candidacy: Candidacy) -> [String] {
    let entries = self.candidates(in: candidacy).compactMap { self.entries[$0] }
    let best = entries.map { self.merit(of: $0, in: candidacy) }.max()
    return entries.filter { self.merit(of: $0, in: candidacy) == best }.map(\.view.name)
  }

  /// The first candidates for an address, in the order in which they would own it.
  package func order(of address: IPAddress, in candidacy: Candidacy, limit: Int) -> [String] {
    self.candidates(in: candidacy).compactMap { self.entries[$0] }
      .map { (entry: $0, rank: Layer2Election.Rank(of: $0.view.name, for: address)) }
      .sorted { self.outranks($0.entry, $1.entry, rank: $1.rank, for: address, in: candidacy) }
      .prefix(limit).map(\.entry.view.name)
  }

  /// The node that announces an address, as every speaker sees it.
  package func owner(
    of address: IPAddress, among candidates: [String], preferredBy advertisements: Set<ObjectKey> = [],
    newcomers: Set<String> = []
  ) -> String? {
    let candidacy = Candidacy(newcomers: newcomers, preferring: advertisements)
    let entries = candidates.compactMap { self.entries[$0] }
    let best = entries.map { self.merit(of: $0, in: candidacy) }.max()
    return Layer2Election.owner(
      of: address, among: entries.filter { self.merit(of: $0, in: candidacy) == best }.map(\.view.name))
  }

  /// Whether `other` comes before `node` in the order for an address; both are candidates.
  package func outranks(
    _ other: Entry, _ node: Entry, rank: Layer2Election.Rank, for address: IPAddress, in candidacy: Candidacy
  ) -> Bool {
    let (theirs, mine) = (self.merit(of: other, in: candidacy), self.merit(of: node, in: candidacy))
    guard theirs == mine else { return theirs > mine }
    return Layer2Election.Rank(of: other.view.name, for: address) < rank
  }

  /// A candidate that comes before `node`, itself a candidate, in the order for an address; nil = `node` is the owner.
  package func rival(of node: Entry, for address: IPAddress, in candidacy: Candidacy) -> String? {
    self.rivals(of: node, for: address, in: candidacy, limit: 1).first
  }

  /// Candidates that come before `node`, itself a candidate, in the order for an address; fewer than `limit` are all.
  package func rivals(of node: Entry, for address: IPAddress, in candidacy: Candidacy, limit: Int) -> [String] {
    let rank = Layer2Election.Rank(of: node.view.name, for: address)
    var rivals: [String] = []
    /// True: that is enough.
    func look(at name: String) -> Bool {
      guard name != node.view.name, let other = self.entries[name] else { return false }
      if self.isCandidate(other, in: candidacy) && self.outranks(other, node, rank: rank, for: address, in: candidacy) {
        rivals.append(name)
      }
      return rivals.count == limit
    }
    let names = self.memberNames.flatMap { $0.count < self.names.count ? $0 : nil } ?? self.names
    if let localNodes = candidacy.localNodes, localNodes.count < names.count {
      _ = localNodes.sorted().first(where: look)
      return rivals
    }
    let start = rank.spread(over: names.count)
    _ = names[start...].first(where: look) ?? names[..<start].first(where: look)
    return rivals
  }
}
