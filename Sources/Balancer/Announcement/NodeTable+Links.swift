import Primitives

/// Which nodes have an interface that fits: only those are candidates, so that an address does not go to a node that
/// cannot announce it (contract section 11.1 has it go there, and nobody announce).
///
/// That holds as long as all speakers tell of their interfaces. Where some do not, every node is taken to have what is
/// needed, as upstream's speakers elect so and all must elect alike.
extension NodeTable {
  func fits(_ entry: Entry, in candidacy: Candidacy) -> Bool {
    guard self.isUniform, let demand = candidacy.links, let interfaces = self.interfaces(of: entry.view.name) else {
      return true
    }
    return demand.isMet(by: interfaces, selectedBy: entry.selectedBy)
  }

  /// A node other than this one that could own an address; nil = there is none.
  func anyCandidate(in candidacy: Candidacy, except own: String, for address: IPAddress) -> String? {
    guard candidacy.links.map(self.isAnywhere) ?? true else { return nil }
    let start = Layer2Election.Rank(of: own, for: address).spread(over: self.names.count)
    func isCandidate(_ name: String) -> Bool {
      name != own && self[name].map { self.isCandidate($0, in: candidacy) } ?? false
    }
    if let localNodes = candidacy.localNodes { return localNodes.sorted().first(where: isCandidate) }
    return self.names[start...].first(where: isCandidate) ?? self.names[..<start].first(where: isCandidate)
  }

  /// Whether any node at all has one of the interfaces, whatever else speaks against it.
  private func isAnywhere(_ demand: LinkDemand) -> Bool {
    guard self.knowsAllInterfaces else { return true }
    let present = self.interfaceNames[demand.family] ?? []
    guard !present.isEmpty else { return false }
    return ([demand.general].compactMap(\.self) + demand.selective.values).contains { selection in
      switch selection {
      case .all: true
      case .named(let names): !names.isDisjoint(with: present)
      }
    }
  }
}
