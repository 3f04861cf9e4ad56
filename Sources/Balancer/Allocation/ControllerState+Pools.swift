import KubernetesModel
import Primitives

/// Changes of pools and namespaces, and the room that comes up.
extension ControllerState {
  /// Puts the pools that are valid now in force; `former` are those that are different, as they were.
  mutating func configurationChanged(from former: [String: PoolConfiguration?], at now: ContinuousClock.Instant) {
    guard self.isRunning else { return self.adoptIfPossible() }
    let disturbance = self.allocator.use(
      self.configuration.pools, changed: Set(former.keys), namespaces: self.namespaces)
    let changed = disturbance.pools.flatMap { name in
      [former[name] ?? nil, self.configuration.pools[name]].compactMap { $0 }
    }
    self.settle(disturbance, changed: changed)
    for (name, pool) in former {
      guard let pool, let new = self.configuration.pools[name], new.labels != pool.labels else { continue }
      self.checkAdvertised(self.allocator.services(ofPool: name), at: now)
    }
  }

  /// Decides anew on exactly the Services that a change concerns: those that have addresses there, those that ask for one
  /// of the pools, those that were left alone with an address there, and those that wait and could now be helped.
  mutating func settle(_ disturbance: Allocator.Disturbance, changed: [PoolConfiguration]) {
    var concerned = disturbance.services
    for pool in disturbance.pools { concerned.formUnion(self.requesters[pool] ?? []) }
    for key in self.bystanders where self.mayChange(key, with: changed) { concerned.insert(key) }
    self.pass(over: Array(concerned))
    if !disturbance.pools.isEmpty {
      for key in self.waiters.forPools where self.concerns(disturbance.pools, key) { self.reconcile(key) }
    }
    for key in self.waiters.forAddresses(where: { address in changed.contains { $0.contains(address) } }) {
      self.reconcile(key)
    }
    self.offerOpenings()
  }

  /// Whether a Service that was left alone must be looked at when these pools change: one of another class only if it shows
  /// one of their addresses.
  private func mayChange(_ bystander: ObjectKey, with pools: [PoolConfiguration]) -> Bool {
    guard let entry = self.entries[bystander], entry.standing == .unmanaged else { return true }
    return entry.view.shownAddresses.contains { address in pools.contains { $0.contains(address) } }
  }

  /// Decides on many Services: first all that have addresses take those over, the ones with the most first, and of
  /// equals the oldest; then each is decided on, in the same order (contract section 9.2).
  mutating func pass(over keys: [ObjectKey]) {
    let views = keys.compactMap { self.entries[$0]?.view }.sorted { left, right in
      let (mine, theirs) = (left.ingressTexts.count, right.ingressTexts.count)
      if mine != theirs { return mine > theirs }
      let (born, other) = (left.metadata.creationTimestamp, right.metadata.creationTimestamp)
      if born != other { return (born?.microseconds ?? .max) < (other?.microseconds ?? .max) }
      return left.key < right.key
    }
    let order = views.filter(self.isManaged) + views.filter { !self.isManaged($0) }
    for view in order { self.adopt(view.key) }
    for view in order { self.reconcile(view.key) }
  }

  /// Offers the room that has come up to those who wait and could use it, until no more comes up.
  mutating func offerOpenings() {
    while true {
      let openings = self.allocator.takeOpenings()
      guard !openings.isEmpty, !self.waiters.isEmpty else { return }
      var pools: [String] = []
      for opening in openings {
        switch opening {
        case .free(let pool, let address):
          self.offer(address) { _ in true }
          if !pools.contains(pool) { pools.append(pool) }
        case .sharable(let pool, let address, let sharing):
          self.offer(address) { $0.sharing == sharing }
          for key in self.waiters.sharing(sharing, in: pool) { self.reconcile(key) }
        }
      }
      for pool in pools { self.offerFree(in: pool) }
    }
  }

  /// Offers an address to those who wait for exactly it, until somebody has it for himself.
  private mutating func offer(_ address: IPAddress, where isFit: (ServiceView) -> Bool) {
    for key in self.waiters.waiting(for: address) {
      if self.allocator.isExclusive(address) { return }
      if let view = self.entries[key]?.view, isFit(view) { self.reconcile(key) }
    }
  }

  /// Offers the free addresses of a pool to those who wait for some, in order, as long as there are any.
  private mutating func offerFree(in pool: String) {
    var place: UInt128 = 0
    while true {
      let needs = FamilyNeed.allCases.filter { self.allocator.hasFree($0, in: pool) }
      guard let (key, next) = self.waiters.first(in: pool, from: place, needs: needs) else { return }
      self.reconcile(key)
      place = next
    }
  }

  /// Whether a Service that waits may be helped, or is no longer helped, by one of these pools.
  private func concerns(_ pools: Set<String>, _ key: ObjectKey) -> Bool {
    guard let view = self.entries[key]?.view, let request = try? AllocationRequest(view) else { return false }
    let asksForNone =
      view.requestedPool.map { self.configuration.pools[$0] == nil && self.settings.unknownPool == .allocate } ?? true
    return pools.contains { pool in
      self.waiters.isWaiting(key, for: pool) || asksForNone && self.allocator.isSelectable(pool, for: request)
    }
  }
}
