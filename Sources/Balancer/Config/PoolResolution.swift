import KubernetesModel
import Primitives

/// All IPAddressPools of the cluster, resolved into the pools that are in force and everything that is wrong.
///
/// Each object stands alone (Docs/differences.md): one that is not valid keeps its last good form, or is left out if it
/// never had one, and all others apply. Of two pools that overlap, the younger has the problem, so that a new object
/// never takes the addresses of one that works. Controller and speaker resolve the same objects and so come to the same
/// pools.
///
/// A change is weighed against the pools that it overlaps with and those that are out of force, and no others.
package struct PoolResolution: Sendable, Equatable {
  /// What is different after changes were taken.
  package struct Change: Sendable, Equatable {
    /// The pools that are different, by name, as they were before; nil = it was not in force.
    package var former: [String: PoolConfiguration?] = [:]
    /// Whether a pool came into force or went out of it.
    package var hasOtherNames = false
    /// Whether other things are wrong than before.
    package var concernsProblems = false

    package var names: Set<String> { Set(self.former.keys) }
  }

  /// One object: its newest form, read, and the last form of it that could be used.
  private struct Source: Sendable, Equatable {
    /// Nil if no form of it could be decoded yet.
    var object: IPAddressPool?
    var age: ObjectAge
    var pool: PoolConfiguration?
    var problems: [Problem]
    var lastGood: PoolConfiguration?

    /// The forms in which the pool could be in force, the better first.
    var forms: [PoolConfiguration] { [self.pool, self.lastGood].compactMap(\.self) }
  }

  private var sources: [ObjectKey: Source] = [:]
  private var named: [String: Set<ObjectKey>] = [:]
  /// What has been taken and not yet been resolved.
  private var unresolved: Set<ObjectKey> = []
  /// The objects of which some form could be in force and is not.
  private var unsettled: Set<ObjectKey> = []
  private var problemsByObject: [ObjectKey: [Problem]] = [:]
  /// The pools in force, by name.
  package private(set) var pools: [String: PoolConfiguration] = [:]
  /// The pools in force, by address.
  package private(set) var index = PoolIndex()
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
  @discardableResult
  package mutating func apply(_ change: ObjectChange<IPAddressPool>) -> Change {
    self.take(change)
    return self.resolve()
  }

  /// A pool's object as the API server has it.
  package func object(of key: ObjectKey) -> IPAddressPool? { self.sources[key]?.object }

  /// Whether there is a pool of this name, usable or not.
  package func exists(_ name: String) -> Bool { self.named[name] != nil }

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
      let old = self.sources[object.key]
      let (pool, problems) = PoolParser.parse(object)
      let source = Source(
        object: object, age: ObjectAge(object.key, object.metadata), pool: pool, problems: problems,
        lastGood: old?.lastGood)
      self.put(source, at: object.key, isNews: pool != old?.pool || problems != old?.problems || source.age != old?.age)
    case .deleted(let key):
      guard self.sources.removeValue(forKey: key) != nil else { return }
      self.named[key.name]?.remove(key)
      if self.named[key.name]?.isEmpty == true { self.named[key.name] = nil }
      self.unresolved.insert(key)
    case .malformed(let key, let reason):
      var problem = Problem.malformed(IPAddressPool.type.kind, key, reason)
      problem.message = "parsing address pool \(key.name): \(reason)"
      let old = self.sources[key]
      let source = Source(
        object: old?.object, age: old?.age ?? ObjectAge(key, nil), pool: nil, problems: [problem],
        lastGood: old?.lastGood)
      self.put(source, at: key, isNews: true)
    case .synced:
      break
    }
  }

  private mutating func put(_ source: Source, at key: ObjectKey, isNews: Bool) {
    self.sources[key] = source
    guard isNews else { return }
    self.named[key.name, default: []].insert(key)
    self.unresolved.insert(key)
  }

  // MARK: Resolving

  /// Decides anew on the pools that the changes concern, the older before the younger.
  @discardableResult
  package mutating func resolve() -> Change {
    guard !self.unresolved.isEmpty else { return Change() }
    let concerned = self.concerned()
    self.unresolved = []
    let names = Set(concerned.map(\.name))
    var former: [String: PoolConfiguration?] = [:]
    for name in names {
      former[name] = .some(self.pools.removeValue(forKey: name))
      if let pool = former[name] ?? nil { self.index.remove(pool) }
    }
    var change = Change()
    for key in concerned.sorted(by: self.isOlder) {
      let problems = self.decide(key)
      if self.problemsByObject[key] ?? [] != problems {
        self.problemsByObject[key] = problems.isEmpty ? nil : problems
        change.concernsProblems = true
      }
    }
    for key in concerned {
      let isSettled = self.sources[key]?.forms.allSatisfy { $0 == self.pools[key.name] } ?? true
      if isSettled { self.unsettled.remove(key) } else { self.unsettled.insert(key) }
    }
    for name in names {
      if self.pools[name] == nil, self.exists(name) { self.unusable.insert(name) } else { self.unusable.remove(name) }
    }
    if change.concernsProblems { self.problems = self.problemsByObject.values.joined().sorted(by: Problem.precedes) }
    change.former = former.filter { self.pools[$0.key] != $0.value }
    change.hasOtherNames = change.former.contains { ($0.value == nil) != (self.pools[$0.key] == nil) }
    return change
  }

  /// Puts the best form of an object that fits beside the older ones in force, and returns what is wrong with it.
  private mutating func decide(_ key: ObjectKey) -> [Problem] {
    guard var source = self.sources[key] else { return [] }
    guard self.pools[key.name] == nil else {
      return source.problems + [
        Problem(
          kind: IPAddressPool.type.kind, key: key, field: "metadata.name",
          message: "duplicate definition of pool \(GoText.quoted(key.name))",
          remedy: "Give one of the two another name.")
      ]
    }
    let problems = source.problems + (source.pool.map(self.overlaps) ?? [])
    if problems.isEmpty {
      source.lastGood = source.pool
      self.sources[key] = source
    }
    if let pool = source.lastGood, problems.isEmpty || self.overlaps(of: pool).isEmpty {
      self.pools[key.name] = pool
      self.index.insert(pool)
    }
    return problems
  }

  private func overlaps(of pool: PoolConfiguration) -> [Problem] {
    pool.blocks.enumerated().compactMap { number, block in
      self.index.overlapping(block).lazy.compactMap { PoolParser.overlap(of: block, with: $0.block) }.first
        .map { PoolParser.overlapProblem($0.0, of: pool.key, block: number, with: $0.1) }
    }
  }

  /// The objects on which must be decided anew: those that changed, those that are out of force, and all that overlap
  /// with one of them in some form, or have its name.
  private func concerned() -> Set<ObjectKey> {
    var concerned = self.unresolved.union(self.unsettled)
    var frontier = Array(concerned)
    while let key = frontier.popLast() {
      let overlapped = (self.sources[key]?.forms ?? []).flatMap(\.blocks)
        .flatMap { self.index.overlapping($0).compactMap { self.pools[$0.pool]?.key } }
      for neighbour in (self.named[key.name] ?? []).union(overlapped) where concerned.insert(neighbour).inserted {
        frontier.append(neighbour)
      }
    }
    return concerned
  }

  private func isOlder(_ left: ObjectKey, _ right: ObjectKey) -> Bool {
    guard let mine = self.sources[left]?.age, let other = self.sources[right]?.age else { return left < right }
    return mine < other
  }
}
