import Primitives

/// Finds the links among the interfaces of a machine, again and again as those change.
///
/// Names are matched with the patterns of ``InterfaceExclusions`` once: that takes longer than all else that an event of an
/// interface causes, and five hundred interfaces hardly ever change their names.
package struct LinkSelector: Sendable, Equatable {
  private let exclusions: InterfaceExclusions
  /// The names that were seen last, and whether they are excluded.
  private var verdicts: [String: Bool] = [:]

  package init(excluding exclusions: InterfaceExclusions) {
    self.exclusions = exclusions
  }

  /// How many names are remembered.
  var rememberedNames: Int { self.verdicts.count }

  /// The links on which addresses of each family can be announced, in the order of the interfaces.
  package mutating func links(among interfaces: [Interface]) -> [IPFamily: [Link]] {
    self.learn(Set(interfaces.map(\.name)))
    let included = interfaces.filter { self.verdicts[$0.name] == false }
    return Dictionary(
      uniqueKeysWithValues: IPFamily.allCases.map { family in
        (family, included.compactMap { Link($0, for: family) })
      })
  }

  private mutating func learn(_ names: Set<String>) {
    if self.verdicts.count != names.count || !names.allSatisfy({ self.verdicts[$0] != nil }) {
      self.verdicts = self.verdicts.filter { names.contains($0.key) }
      let new = names.filter { self.verdicts[$0] == nil }
      let excluded = self.exclusions.excluded(among: new)
      for name in new { self.verdicts[name] = excluded.contains(name) }
    }
  }
}
