import Primitives

/// Which pool an address is from, by binary search over the blocks of all pools, which are disjoint.
package struct PoolIndex: Sendable, Equatable {
  struct Entry: Sendable, Equatable {
    let block: IPRange
    let pool: String
  }

  /// By address.
  private var entries: [Entry]

  package init(_ pools: some Sequence<PoolConfiguration> = EmptyCollection()) {
    self.entries = pools.flatMap { pool in pool.blocks.map { Entry(block: $0, pool: pool.name) } }
      .sorted { $0.block.first < $1.block.first }
  }

  /// Adds a pool whose blocks overlap with none that is here.
  package mutating func insert(_ pool: PoolConfiguration) {
    for block in pool.blocks {
      self.entries.insert(Entry(block: block, pool: pool.name), at: self.place(of: block.first))
    }
  }

  /// Takes out a pool that is here.
  package mutating func remove(_ pool: PoolConfiguration) {
    for block in pool.blocks {
      let place = self.place(of: block.first)
      if place < self.entries.count, self.entries[place].pool == pool.name { self.entries.remove(at: place) }
    }
  }

  /// The name of the pool that holds the address.
  package func pool(of address: IPAddress) -> String? {
    let place = self.place(of: address)
    guard place < self.entries.count, self.entries[place].block.contains(address) else { return nil }
    return self.entries[place].pool
  }

  /// The name of the one pool that holds all the addresses; nil if there is none.
  package func pool(ofAll addresses: [IPAddress]) -> String? {
    guard let first = addresses.first, let pool = self.pool(of: first),
      addresses.dropFirst().allSatisfy({ self.pool(of: $0) == pool })
    else { return nil }
    return pool
  }

  /// The blocks that overlap with a range, in ascending order.
  func overlapping(_ range: IPRange) -> some Sequence<Entry> {
    self.entries[self.place(of: range.first)...].lazy.prefix { $0.block.overlaps(range) }
  }

  /// Where the first block is that ends at the address or after it.
  private func place(of address: IPAddress) -> Int {
    var (low, high) = (0, self.entries.count)
    while low < high {
      let middle = (low + high) / 2
      if self.entries[middle].block.last < address { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
