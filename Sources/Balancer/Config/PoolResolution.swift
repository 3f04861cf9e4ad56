import KubernetesModel
import Primitives

/// All IPAddressPools of the cluster, resolved into the pools that are in force and everything that is wrong.
///
/// Each object stands alone (Docs/differences.md): one that is not valid keeps its last good form, or is left out if it
/// never had one, and all others apply. Of two pools that overlap, the younger has the problem, so that a new object
/// never takes the addresses of one that works. Controller and speaker resolve the same objects and so come to the same
/// pools.
package struct PoolResolution: Sendable, Equatable {
  /// One object: its newest form, read, and the last form of it that could be used.
  private struct Source: Sendable, Equatable {
    /// Nil if no form of it could be decoded yet.
    var object: IPAddressPool?
    var pool: PoolConfiguration?
    var problems: [Problem]
    var lastGood: PoolConfiguration?
  }

  private var sources: [ObjectKey: Source] = [:]
  /// The pools in force, by name.
  package private(set) var pools: [String: PoolConfiguration] = [:]
  /// Everything that is wrong, in the order of the objects' names.
  package private(set) var problems: [Problem] = []
  /// Names of pools that exist as objects but have no form that could be used.
  package private(set) var unusable: Set<String> = []

  package init() {}

  package init(_ objects: some Sequence<IPAddressPool>) {
    for object in objects { self.take(.applied(object)) }
    self.resolve()
  }

  /// Takes one change of an object into account.
  package mutating func apply(_ change: ObjectChange<IPAddressPool>) {
    self.take(change)
    self.resolve()
  }

  /// A pool's object as the API server has it.
  package func object(of key: ObjectKey) -> IPAddressPool? { self.sources[key]?.object }

  /// Notes that the server took a status, before the watch says so.
  mutating func written(_ object: IPAddressPool, resourceVersion: String?) {
    let key = object.key
    guard self.sources[key]?.object?.metadata.resourceVersion == object.metadata.resourceVersion else { return }
    self.sources[key]?.object?.status = object.status
    if let resourceVersion { self.sources[key]?.object?.metadata.resourceVersion = resourceVersion }
  }

  /// The pools in force in the order of their names.
  package var sorted: [PoolConfiguration] { self.pools.values.sorted { $0.name < $1.name } }

  /// Takes a change without resolving, so that many can be taken at once; `resolve()` must follow.
  package mutating func take(_ change: ObjectChange<IPAddressPool>) {
    switch change {
    case .applied(let object):
      let (pool, problems) = PoolParser.parse(object)
      let lastGood = self.sources[object.key]?.lastGood
      self.sources[object.key] = Source(object: object, pool: pool, problems: problems, lastGood: lastGood)
    case .deleted(let key):
      self.sources[key] = nil
    case .malformed(let key, let reason):
      let problem = Problem(
        kind: IPAddressPool.type.kind, key: key, field: "",
        message: "parsing address pool \(key.name): \(reason)",
        remedy: "Correct the object so that it has the shape of its kind.")
      let old = self.sources[key]
      self.sources[key] = Source(object: old?.object, pool: nil, problems: [problem], lastGood: old?.lastGood)
    case .synced:
      break
    }
  }

  /// Decides anew which pools are in force, the older before the younger.
  package mutating func resolve() {
    var accepted = AcceptedBlocks()
    self.pools = [:]
    self.problems = []
    self.unusable = []
    for key in self.keysInOrder {
      guard var source = self.sources[key] else { continue }
      var problems = source.problems
      if self.pools[key.name] != nil {
        problems.append(
          Problem(
            kind: IPAddressPool.type.kind, key: key, field: "metadata.name",
            message: "duplicate definition of pool \(GoText.quoted(key.name))",
            remedy: "Give one of the two another name."))
      } else {
        if let pool = source.pool { problems += accepted.overlaps(of: pool) }
        if problems.isEmpty {
          source.lastGood = source.pool
          self.sources[key] = source
        }
        if let pool = source.lastGood, problems.isEmpty || accepted.overlaps(of: pool).isEmpty {
          self.pools[key.name] = pool
          accepted.insert(pool)
        } else {
          self.unusable.insert(key.name)
        }
      }
      self.problems += problems
    }
    self.problems.sort { ($0.key.name, $0.key.namespace, $0.field) < ($1.key.name, $1.key.namespace, $1.field) }
  }

  /// The older before the younger, then by name.
  private var keysInOrder: [ObjectKey] {
    func rank(_ key: ObjectKey) -> (created: Int64, name: String, namespace: String) {
      (self.sources[key]?.object?.metadata.creationTimestamp?.microseconds ?? .max, key.name, key.namespace)
    }
    return self.sources.keys.map { (rank($0), $0) }.sorted { $0.0 < $1.0 }.map(\.1)
  }
}

/// The blocks of the pools that are in force already, sorted by address; they are disjoint.
private struct AcceptedBlocks {
  private var blocks: [IPRange] = []

  mutating func insert(_ pool: PoolConfiguration) {
    for block in pool.blocks { self.blocks.insert(block, at: self.firstIndex(endingAtOrAfter: block.first)) }
  }

  func overlaps(of pool: PoolConfiguration) -> [Problem] {
    pool.blocks.enumerated().compactMap { index, block in
      let neighbour = self.firstIndex(endingAtOrAfter: block.first)
      guard neighbour < self.blocks.count,
        let (mine, other) = PoolParser.overlap(of: block, with: self.blocks[neighbour])
      else { return nil }
      return PoolParser.overlapProblem(mine, of: pool.key, block: index, with: other)
    }
  }

  private func firstIndex(endingAtOrAfter address: IPAddress) -> Int {
    var (low, high) = (0, self.blocks.count)
    while low < high {
      let middle = (low + high) / 2
      if self.blocks[middle].last < address { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
