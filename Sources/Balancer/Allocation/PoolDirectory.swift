import Primitives

/// The pools in their orders: by address, to find the owner of one, and in the order in which they are tried.
struct PoolDirectory: Sendable, Equatable {
  private struct Entry: Sendable, Equatable {
    var block: IPRange
    var pool: String
  }

  /// The blocks of all pools by address; they are disjoint.
  private var entries: [Entry] = []
  /// Auto-assigned pools that are kept for some Services: by priority, then by name.
  private(set) var pinned: [String] = []
  /// Auto-assigned pools for everybody, by name.
  private(set) var open: [String] = []

  init() {}

  init(_ ledgers: some Sequence<PoolLedger>) {
    for ledger in ledgers {
      let configuration = ledger.configuration
      self.entries += configuration.blocks.map { Entry(block: $0, pool: configuration.name) }
    }
    self.entries.sort { $0.block.first < $1.block.first }
    let automatic = ledgers.filter(\.configuration.autoAssign)
    self.pinned = automatic.filter(\.scope.isPinned)
      .sorted { ($0.scope.rank, $0.configuration.name) < ($1.scope.rank, $1.configuration.name) }
      .map(\.configuration.name)
    self.open = automatic.filter { !$0.scope.isPinned }.map(\.configuration.name).sorted()
  }

  /// The pool in whose blocks an address lies.
  func owner(of address: IPAddress) -> String? {
    var (low, high) = (0, self.entries.count)
    while low < high {
      let middle = (low + high) / 2
      if self.entries[middle].block.last < address { low = middle + 1 } else { high = middle }
    }
    guard low < self.entries.count, self.entries[low].block.contains(address) else { return nil }
    return self.entries[low].pool
  }
}
