/// On which interfaces an address is announced (contract section 11.2): all that are suitable, or those of a list.
package enum InterfaceSet: Sendable, Hashable {
  case all
  /// Names; they need not exist. Sorted, without duplicates.
  case named(Names)

  /// The interfaces of a list; the empty list is none, not all.
  package static func only(_ names: some Sequence<String>) -> InterfaceSet {
    .named(Names(names))
  }

  /// An ordered set of a few interface names.
  ///
  /// A name has at most fifteen bytes (`IFNAMSIZ`), which Swift keeps without allocation and compares as two words, so
  /// looking through the list is cheaper than hashing.
  package struct Names: Sendable, Hashable {
    package let sorted: [String]

    package init(_ names: some Sequence<String>) {
      self.sorted = Set(names).sorted()
    }
  }

  package func contains(_ name: String) -> Bool {
    switch self {
    case .all: true
    case .named(let names): names.sorted.contains(name)
    }
  }

  /// The interfaces of either set: those of several advertisements together.
  package func union(_ other: InterfaceSet) -> InterfaceSet {
    guard case .named(let mine) = self, case .named(let theirs) = other else { return .all }
    return .only(mine.sorted + theirs.sorted)
  }
}
