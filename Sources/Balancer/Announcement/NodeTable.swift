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
  private(set) var memberNames: [String]?
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
    package var came: Set<String>
    package var left: Set<String>
    /// Those that came, left, or tell something else.
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
    let (came, left) = (live.names.subtracting(old), old.subtracting(live.names))
    let updated = live.names.intersection(old).filter { self.facts[$0] != oldFacts[$0] }
    return MemberChange(
      came: came, left: left, changed: came.union(left).union(updated), isOfRules: wasUniform != self.isUniform)
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

  // MARK: What is known of a node

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
}
