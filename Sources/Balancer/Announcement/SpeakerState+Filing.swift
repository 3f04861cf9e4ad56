import KubernetesModel
import Primitives

extension SpeakerState {
  /// Takes an event into the tables, and returns the Services whose verdict it can change.
  ///
  /// The actions are those that need no decision: a Service that is gone is withdrawn at once.
  mutating func file(
    _ event: Event, at now: ContinuousClock.Instant
  ) -> (actions: [Action], touched: Set<ObjectKey>) {
    switch event {
    case .tick: return (self.repeatObjections(at: now), self.fileTime(now))
    case .ownership(let change): return ([], self.file(change, at: now))
    case .told(let notice): return ([], self.file(notice, at: now))
    case .objected(let notice): return ([], self.file(notice, at: now))
    case .following(let source, let isFollowed):
      self.sight.note(source, isFollowed: isFollowed, at: now)
      return ([], [])
    case .handingOver:
      self.beginHandOver()
      return ([], [])
    case .stopping: return ([], [])
    case .addressFree(let address): return ([], self.fileFree(address))
    case .addressOccupied(let address, let holder): return self.file(address, occupiedBy: holder, at: now)
    case .addressContested(let address, let holder): return self.file(address, contestedBy: holder, at: now)
    case .services(let change): return self.file(change)
    case .endpoints(let change): return ([], Set(self.endpoints.apply(change, at: now)))
    case .nodes(let change): return ([], self.file(change, at: now))
    case .pools(let change): return ([], self.file(change))
    case .l2Advertisements(let change): return ([], self.file(change))
    case .interfaces(let interfaces): return ([], self.file(interfaces))
    case .members(let members): return self.file(members: members, at: now)
    case .kernelAddresses(let addresses): return self.file(kernelAddresses: addresses)
    case .bgpPeers, .bgpAdvertisements, .communities, .bfdProfiles, .secrets: return ([], [])
    }
  }

  private mutating func fileTime(_ now: ContinuousClock.Instant) -> Set<ObjectKey> {
    self.remind(at: now)
    return self.expireYields(at: now).union(self.concludeDeparture(at: now)).union(self.changes.due(at: now))
      .union(self.takeLoads(at: now)).union(self.endpoints.settle(at: now)).union(self.clearSight(at: now))
  }

  // MARK: Services

  private mutating func file(_ change: ObjectChange<ExposedService>) -> (actions: [Action], touched: Set<ObjectKey>) {
    switch change {
    case .applied(let view):
      guard view.isLoadBalancer, view.loadBalancerClass == self.settings.loadBalancerClass else {
        return self.forget(view.key, .notLoadBalancer)
      }
      guard let old = self.services[view.key] else {
        self.place(view)
        return ([], self.company(of: view.key))
      }
      guard old.view != view else { return ([], []) }
      self.yields.doubt(old.view.addresses)
      let former = self.company(of: view.key)
      self.place(view)
      return ([], former.union(self.company(of: view.key)))
    case .deleted(let key):
      return self.forget(key, .serviceDeleted)
    case .malformed, .synced:
      return ([], [])
    }
  }

  /// Nothing while all will be decided in the end.
  private func company(of key: ObjectKey) -> Set<ObjectKey> {
    self.isDeciding ? self.services.company(of: key) : []
  }

  private mutating func forget(
    _ key: ObjectKey, _ reason: Withheld
  ) -> (actions: [Action], touched: Set<ObjectKey>) {
    guard self.services[key] != nil else { return ([], []) }
    let company = self.company(of: key).subtracting([key])
    self.yields.doubt(self.services[key]?.view.addresses ?? [])
    var actions = self.conclude(key, .withhold(reason), hold: .nothing)
    actions += self.disregardClaims(on: key)
    self.services.remove(key)
    return (actions, company)
  }

  /// Files a Service under the pool of its addresses.
  ///
  /// One whose pool is gone while it keeps the addresses is held under that pool: traffic goes on until the controller
  /// has moved it, whatever the order in which an operator replaces pools (contract section 10).
  private mutating func place(_ view: ExposedService) {
    if let name = self.pools.index.pool(ofAll: view.addresses), let pool = self.pools.pools[name] {
      let identity = ServiceTable.PoolIdentity(name: name, labels: pool.labels)
      self.services.put(view, pool: identity, isHeld: false, isNew: self.isDeciding)
    } else if let old = self.services[view.key], let pool = old.pool,
      Set(old.view.addresses) == Set(view.addresses)
    {
      self.services.put(view, pool: pool, isHeld: true, isNew: self.isDeciding)
    } else {
      self.services.put(view, pool: nil, isHeld: false, isNew: self.isDeciding)
    }
  }

  // MARK: Configuration

  private mutating func file(_ change: ObjectChange<IPAddressPool>) -> Set<ObjectKey> {
    self.pools.take(change)
    // While the list is coming in, one look at all pools at its end will do.
    guard change == .synced || !self.awaited.contains(.pools) else { return [] }
    let changed = self.pools.resolve().names
    guard !changed.isEmpty else { return [] }
    for name in changed {
      self.selectAdvertisements(forPool: name)
      if self.isDecidingOnBGP { self.bgp.selectAdvertisements(forPool: name, self.pools.pools[name]) }
    }
    let touched = changed.reduce(into: self.services.homeless) { $0.formUnion(self.services.services(ofPool: $1)) }
    for key in touched {
      if let view = self.services[key]?.view { self.place(view) }
    }
    return touched
  }

  private mutating func file(_ change: ObjectChange<L2Advertisement>) -> Set<ObjectKey> {
    let (before, after) = self.advertisements.apply(change)
    guard before != after, let key = before?.key ?? after?.key else { return [] }
    self.nodes.select(by: after, key: key)
    func concerns(_ name: String, _ labels: [String: String]) -> Bool {
      [before, after].contains { $0?.selects(pool: name, labels: labels) ?? false }
    }
    var touched: Set<ObjectKey> = []
    for pool in self.pools.candidates(for: [before, after].compactMap(\.self)) where concerns(pool.name, pool.labels) {
      self.selectAdvertisements(forPool: pool.name)
      touched.formUnion(self.services.services(ofPool: pool.name))
    }
    for service in self.services.homeless {
      if let pool = self.services[service]?.pool, concerns(pool.name, pool.labels) { touched.insert(service) }
    }
    return touched
  }

  private mutating func selectAdvertisements(forPool name: String) {
    self.advertisementsByPool[name] = self.pools.pools[name].map { pool in
      self.advertisements.advertisements(forPool: name, labels: pool.labels)
    }
  }

  private mutating func file(_ interfaces: [IPFamily: Set<String>]) -> Set<ObjectKey> {
    guard interfaces != self.interfaces else { return [] }
    let cutBefore = self.cutFamilies
    self.interfaces = interfaces
    self.nodes.setInterfaces(interfaces, of: self.settings.node)
    // What others have been left with for want of an interface here may come back.
    if self.nodes.isUniform, self.cutFamilies != cutBefore || self.advertisements.namesInterfaces {
      return Set(self.services.records.keys)
    }
    let owned = self.services.owned.union(self.services.entangled)
    guard self.cutFamilies == cutBefore else { return owned }
    return owned.filter { key in
      switch self.services[key]?.verdict {
      case .withhold(.noMatchingInterface): true
      case .announce(let announcement): announcement.interfaces != .all
      case .withhold, nil: false
      }
    }
  }

  /// The families that cannot be announced on any link of this node: its cables are out.
  private var cutFamilies: Set<IPFamily> {
    self.settings.families.filter { self.interfaces[$0]?.isEmpty ?? true }
  }

  // MARK: Nodes

  private mutating func file(_ change: ObjectChange<NodeView>, at now: ContinuousClock.Instant) -> Set<ObjectKey> {
    guard let (name, before, after) = self.nodes.apply(change) else { return [] }
    self.loads.doubtAll()
    // One that is no part of the cluster any more has nothing to be told.
    if after == nil { _ = self.changes.takeInherited(from: name) }
    if name == self.settings.node { self.noteDeparture(from: before, to: after, at: now) }
    let old = before.map { self.nodes.standing(of: $0) }
    let new = after.map { self.nodes.standing(of: $0) }
    guard old != new else { return [] }
    return self.touched(byChangeOf: [name])
  }

  private mutating func file(
    members: LiveMembers, at now: ContinuousClock.Instant
  ) -> (actions: [Action], touched: Set<ObjectKey>) {
    let change = self.nodes.setMembers(members)
    if !change.changed.isEmpty { self.loads.doubtAll() }
    for node in change.changed { self.yields.doubt(to: node) }
    self.contests.end(with: change.came.union(change.left))
    // That a node is gone is newer than that it was heard.
    let ended = change.left.flatMap { self.yields.end(to: $0) }
      .reduce(into: Set()) { $0.formUnion(self.services.services(withAddress: $1)) }
    for node in change.came { self.tellOfInheritance(node, at: now) }
    let touched =
      change.isOfRules ? Set(self.services.records.keys) : ended.union(self.touched(byChangeOf: change.changed))
    return (self.repeatObjections(to: change.came, at: now), touched)
  }

  /// Of so many nodes each is asked what it could take from this one; of more, deciding anew costs less.
  private static let fewNodes = 4

  /// The Services whose verdicts the standing of nodes can change: those that they keep from us, and those that they could
  /// take from us; all, if this node is among them.
  private func touched(byChangeOf nodes: Set<String>) -> Set<ObjectKey> {
    guard !nodes.isEmpty else { return [] }
    guard !nodes.contains(self.settings.node) else { return Set(self.services.records.keys) }
    var touched = self.services.entangled.union(self.succession.inheritances.keys)
    if nodes.count > Self.fewNodes {
      touched.formUnion(self.services.owned)
    } else {
      touched.formUnion(self.services.owned.filter { key in nodes.contains { self.isThreatened(key, by: $0) } })
    }
    for node in nodes {
      touched.formUnion(self.services.services(rivalledBy: node))
      touched.formUnion(self.succession.services(dependingOn: node))
      // Whoever comes back may have claimed what the order has given to another one since.
      if self.advertisements.claimsOwners {
        touched.formUnion(self.ownership.services(claimedBy: node).filter { self.isClaimed($0) })
      }
    }
    return touched
  }
}
