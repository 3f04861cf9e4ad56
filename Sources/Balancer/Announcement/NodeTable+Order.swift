import KubernetesModel
import Primitives

/// The order of the candidates for an address: by what is believed of the nodes, then by what users prefer, then by the
/// election's own order, which is another one for each address.
extension NodeTable {
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

  /// How much a node is preferred as an owner.
  private func score(of entry: Entry, in candidacy: Candidacy) -> Int {
    candidacy.preferring.reduce(0) { $0 + (entry.scores[$1] ?? 0) }
  }

  /// Whether one node comes before another in the order for an address, whatever is known of their health.
  package func precedes(_ name: String, _ other: String, for address: IPAddress, in candidacy: Candidacy) -> Bool {
    let (mine, theirs) = (self.score(of: name, in: candidacy), self.score(of: other, in: candidacy))
    return mine == theirs ? Layer2Election.owner(of: address, among: [name, other]) == name : mine > theirs
  }

  private func score(of name: String, in candidacy: Candidacy) -> Int {
    self[name].map { self.score(of: $0, in: candidacy) } ?? 0
  }

  /// The names of the candidates that none other comes before by anything but the order for an address.
  package func favourites(in candidacy: Candidacy) -> [String] {
    let entries = self.candidates(in: candidacy).compactMap { self[$0] }
    let best = entries.map { self.merit(of: $0, in: candidacy) }.max()
    return entries.filter { self.merit(of: $0, in: candidacy) == best }.map(\.view.name)
  }

  /// The first candidates for an address, in the order in which they would own it.
  package func order(of address: IPAddress, in candidacy: Candidacy, limit: Int) -> [String] {
    self.candidates(in: candidacy).compactMap { self[$0] }
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
    let entries = candidates.compactMap { self[$0] }
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
      guard name != node.view.name, let other = self[name] else { return false }
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
