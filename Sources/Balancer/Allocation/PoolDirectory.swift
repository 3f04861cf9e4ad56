import Primitives

/// The pools in their orders: by address, to find the owner of one, and in the order in which they are tried.
struct PoolDirectory: Sendable, Equatable {
  /// Where a pool stands among those that are kept for some Services.
  private struct Rank: Sendable, Equatable, Comparable {
    var priority: Int
    var name: String

    static func < (left: Rank, right: Rank) -> Bool {
      (left.priority, left.name) < (right.priority, right.name)
    }
  }

  private var index = PoolIndex()
  private var ranks: [Rank] = []
  /// Auto-assigned pools for everybody, by name.
  private(set) var open: [String] = []

  init() {}

  init(_ ledgers: some Collection<PoolLedger>) {
    self.index = PoolIndex(ledgers.map(\.configuration))
    let automatic = ledgers.filter(\.configuration.autoAssign)
    self.ranks = automatic.filter(\.scope.isPinned).map(Self.rank(of:)).sorted()
    self.open = automatic.filter { !$0.scope.isPinned }.map(\.configuration.name).sorted()
  }

  /// Auto-assigned pools that are kept for some Services: by priority, then by name.
  var pinned: some Collection<String> { self.ranks.lazy.map(\.name) }

  /// The pool in whose blocks an address lies.
  func owner(of address: IPAddress) -> String? { self.index.pool(of: address) }

  mutating func insert(_ ledger: PoolLedger) {
    self.index.insert(ledger.configuration)
    guard ledger.configuration.autoAssign else { return }
    if ledger.scope.isPinned {
      let rank = Self.rank(of: ledger)
      self.ranks.insert(rank, at: self.ranks.place(of: rank))
    } else {
      self.open.insert(ledger.configuration.name, at: self.open.place(of: ledger.configuration.name))
    }
  }

  /// Takes out a pool as it was put in.
  mutating func remove(_ ledger: PoolLedger) {
    self.index.remove(ledger.configuration)
    guard ledger.configuration.autoAssign else { return }
    if ledger.scope.isPinned {
      self.ranks.remove(at: self.ranks.place(of: Self.rank(of: ledger)))
    } else {
      self.open.remove(at: self.open.place(of: ledger.configuration.name))
    }
  }

  private static func rank(of ledger: PoolLedger) -> Rank {
    Rank(priority: ledger.scope.rank, name: ledger.configuration.name)
  }
}

extension Array where Element: Comparable {
  /// Where the first element is that is not before this one, in an ascending array.
  fileprivate func place(of element: Element) -> Int {
    var (low, high) = (0, self.count)
    while low < high {
      let middle = (low + high) / 2
      if self[middle] < element { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
