import Primitives

/// Which pool an address is from, by binary search over the blocks of all pools, which are disjoint.
package struct PoolIndex: Sendable, Equatable {
  private struct Entry: Sendable, Equatable {
    let block: IPRange
    let pool: String
  }

  private var entries: [Entry]

  package init(_ pools: some Sequence<PoolConfiguration> = EmptyCollection()) {
    self.entries = pools.flatMap { pool in pool.blocks.map { Entry(block: $0, pool: pool.name) } }
      .sorted { $0.block.first < $1.block.first }
  }

  /// The name of the pool that holds the address.
  package func pool(of address: IPAddress) -> String? {
    var (low, high) = (0, self.entries.count)
    while low < high {
      let middle = (low + high) / 2
      if self.entries[middle].block.last < address { low = middle + 1 } else { high = middle }
    }
    guard low < self.entries.count, self.entries[low].block.contains(address) else { return nil }
    return self.entries[low].pool
  }

  /// The name of the one pool that holds all the addresses; nil if there is none.
  package func pool(ofAll addresses: [IPAddress]) -> String? {
    guard let first = addresses.first, let pool = self.pool(of: first),
      addresses.dropFirst().allSatisfy({ self.pool(of: $0) == pool })
    else { return nil }
    return pool
  }
}
