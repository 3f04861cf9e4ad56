import KubernetesModel
import Primitives

/// Who has which addresses, and which addresses a Service would get: the algorithm of contract section 8.
///
/// The cost of one allocation is that of a few searches in balanced trees, whatever the size and the fill of the pools.
package struct Allocator: Sendable, Equatable {
  /// Room that has come up, for those that wait for some.
  package enum Opening: Sendable, Hashable {
    /// An address that nobody uses any more.
    case free(pool: String, address: IPAddress)
    /// An address of which Services with this key may now be able to use more than before.
    case sharable(pool: String, address: IPAddress, key: SharingKey)
  }

  /// Who is on an address.
  enum Use: Sendable, Equatable {
    case exclusive(ObjectKey)
    case shared(SharedUse)
  }

  /// Who is on an address that can be shared, and which of its ports are whose.
  struct SharedUse: Sendable, Equatable {
    var key: SharingKey
    var users: Set<ObjectKey>
    var ports: [PortKey: ObjectKey]
  }

  var ledgers: [String: PoolLedger] = [:]
  var directory = PoolDirectory()
  private(set) var allocations: [ObjectKey: Allocation] = [:]
  private(set) var uses: [IPAddress: Use] = [:]
  private var openings: [Opening] = []
  var touched: Set<String> = []

  package init() {}

  /// The addresses of a Service.
  package func allocation(of service: ObjectKey) -> Allocation? { self.allocations[service] }

  /// The Services on an address, in the order of their names.
  package func users(of address: IPAddress) -> [ObjectKey] {
    switch self.uses[address] {
    case nil: []
    case .exclusive(let service): [service]
    case .shared(let use): use.users.sorted()
    }
  }

  /// The figures of a pool; nil if there is none of this name.
  package func counters(of pool: String) -> PoolCounters? { self.ledgers[pool]?.counters }

  /// The pool that owns an address, if it may give it.
  package func pool(owning address: IPAddress) -> String? {
    guard let name = self.directory.owner(of: address),
      self.ledgers[name]?[address.family].numbering.number(of: address) != nil
    else { return nil }
    return name
  }

  /// What has come up since the last time that this was asked.
  package mutating func takeOpenings() -> [Opening] {
    defer { self.openings = [] }
    return self.openings
  }

  /// The pools whose figures changed since the last time that this was asked.
  mutating func takeTouched() -> Set<String> {
    defer { self.touched = [] }
    return self.touched
  }

  /// The pool from which a Service could have exactly these addresses now.
  ///
  /// The order of the checks is that of contract section 8.5, because it decides which sentence the user sees.
  package func check(_ addresses: [IPAddress], for request: AllocationRequest) throws(AllocationError) -> String {
    guard let first = addresses.first, let pool = self.pool(owning: first),
      addresses.dropFirst().allSatisfy({ self.pool(owning: $0) == pool })
    else { throw .notInConfiguration(addresses) }
    guard self.ledgers[pool]?.scope.isCompatible(with: request) == true else { throw .incompatiblePool(pool) }
    guard addresses.count <= 2 else { throw .moreThanTwo(addresses) }
    if addresses.count == 2, addresses[0].family == addresses[1].family {
      throw .sameFamily(addresses[0], addresses[1])
    }
    for address in addresses { try self.check(address, for: request) }
    return pool
  }

  /// Gives a Service exactly these addresses instead of any that it has; idempotent.
  @discardableResult
  package mutating func assign(
    _ addresses: [IPAddress], to request: AllocationRequest
  ) throws(AllocationError) -> Allocation {
    self.place(addresses, from: try self.check(addresses, for: request), for: request)
  }

  /// Keeps addresses from being given to anybody else, whichever pools they are from, on behalf of a Service that
  /// shows them; fails if somebody is on one of them.
  mutating func reserve(_ addresses: [IPAddress], for request: AllocationRequest) throws(AllocationError) {
    for address in addresses {
      guard self.pool(owning: address) != nil else { throw .notInConfiguration(addresses) }
      try self.check(address, for: request)
    }
    guard let pool = addresses.first.flatMap({ self.pool(owning: $0) }) else { return }
    let allocation = Allocation(pool: pool, addresses: addresses)
    guard self.allocations[request.service] != allocation else { return }
    self.release(request.service)
    self.enter(allocation, of: request.service)
  }

  /// Chooses addresses from the pools that are given without being asked for: pinned ones first.
  @discardableResult
  package mutating func allocate(_ request: AllocationRequest) throws(AllocationError) -> Allocation {
    let pinned = self.directory.pinned.filter { self.ledgers[$0]?.scope.isSelectable(for: request) == true }
    guard
      let (addresses, pool) = self.best(of: pinned, for: request) ?? self.best(of: self.directory.open, for: request)
    else { throw .noneAvailable }
    return self.place(addresses, from: pool, for: request)
  }

  /// Chooses addresses from the pool that the Service asks for.
  @discardableResult
  package mutating func allocate(
    _ request: AllocationRequest, from pool: String
  ) throws(AllocationError) -> Allocation {
    guard self.ledgers[pool] != nil else { throw .unknownPool(pool) }
    let ipv4 = self.ledgers[pool]?.ipv4.first(for: request)
    let ipv6 = self.ledgers[pool]?.ipv6.first(for: request)
    guard ipv4 != nil || ipv6 != nil else { throw .noneAvailableInPool(pool) }
    guard let addresses = Self.choose(ipv4, ipv6, for: request) else {
      throw .noneAvailableForFamily(pool: pool, families: request.families)
    }
    return try self.assign(addresses, to: request)
  }

  /// Adds an address of the other family, from the same pool, to the one address that a Service has.
  @discardableResult
  package mutating func allocateAdditional(_ request: AllocationRequest) throws(AllocationError) -> IPAddress {
    guard let current = self.allocations[request.service], let existing = current.addresses.first else {
      throw .noneAvailable
    }
    let family = existing.family.other
    guard let additional = self.ledgers[current.pool]?[family].first(for: request) else {
      throw .noneAvailableForFamily(pool: current.pool, families: .single(family))
    }
    try self.assign([existing, additional], to: request)
    return additional
  }

  /// Takes its addresses from a Service.
  @discardableResult
  package mutating func release(_ service: ObjectKey) -> Allocation? {
    guard let allocation = self.allocations.removeValue(forKey: service) else { return nil }
    self.touched.insert(allocation.pool)
    self.ledgers[allocation.pool]?.services -= 1
    for address in allocation.addresses { self.leave(address, service: service, allocation: allocation) }
    return allocation
  }

  /// The pools that may be chosen for a Service that asks for none.
  func selectablePools(for request: AllocationRequest) -> [String] {
    (Array(self.directory.pinned) + self.directory.open).filter { self.isSelectable($0, for: request) }
  }

  /// Whether a pool may be chosen for a Service that asks for none.
  func isSelectable(_ pool: String, for request: AllocationRequest) -> Bool {
    guard let ledger = self.ledgers[pool] else { return false }
    return ledger.configuration.autoAssign && ledger.scope.isSelectable(for: request)
  }

  /// Whether a Service that shares with nobody is on the address, so that nobody else can get it.
  func isExclusive(_ address: IPAddress) -> Bool {
    if case .exclusive = self.uses[address] { true } else { false }
  }

  /// Whether a pool has free addresses of the families that a request needs; sharing is left out of account.
  func hasFree(_ need: FamilyNeed, in pool: String) -> Bool {
    let ipv4 = self.ledgers[pool]?.ipv4.hasFree == true
    let ipv6 = self.ledgers[pool]?.ipv6.hasFree == true
    return switch need {
    case .ipv4: ipv4
    case .ipv6: ipv6
    case .both: ipv4 && ipv6
    case .any: ipv4 || ipv6
    }
  }

  /// Gives a Service addresses that it may have, instead of any that it has.
  private mutating func place(_ addresses: [IPAddress], from pool: String, for request: AllocationRequest) -> Allocation
  {
    let allocation = Allocation(
      pool: pool, addresses: addresses, sharing: request.sharing, ports: request.sharing == nil ? [] : request.ports)
    guard self.allocations[request.service] != allocation else { return allocation }
    self.release(request.service)
    self.enter(allocation, of: request.service)
    return allocation
  }

  /// Enters an allocation that has been checked.
  mutating func enter(_ allocation: Allocation, of service: ObjectKey) {
    self.allocations[service] = allocation
    self.touched.insert(allocation.pool)
    self.ledgers[allocation.pool]?.services += 1
    for address in allocation.addresses {
      let pool = self.directory.owner(of: address) ?? allocation.pool
      guard let sharing = allocation.sharing else {
        self.uses[address] = .exclusive(service)
        self.ledgers[pool]?[address.family].take(address, sharing: nil)
        continue
      }
      if case .shared(var use)? = self.uses[address] {
        self.uses[address] = nil  // so that `use` is the only reference, and grows in place
        use.users.insert(service)
        for port in allocation.ports { use.ports[port] = service }
        self.uses[address] = .shared(use)
      } else {
        let ports = Dictionary(allocation.ports.map { ($0, service) }, uniquingKeysWith: { first, _ in first })
        self.uses[address] = .shared(SharedUse(key: sharing, users: [service], ports: ports))
        self.ledgers[pool]?[address.family].take(address, sharing: sharing)
        self.openings.append(.sharable(pool: pool, address: address, key: sharing))
      }
      self.ledgers[pool]?[address.family].take(allocation.ports, on: address, sharing: sharing)
    }
  }

  private mutating func leave(_ address: IPAddress, service: ObjectKey, allocation: Allocation) {
    let pool = self.directory.owner(of: address) ?? allocation.pool
    guard case .shared(var use)? = self.uses.removeValue(forKey: address) else {
      self.ledgers[pool]?[address.family].free(address, sharing: nil)
      self.openings.append(.free(pool: pool, address: address))
      return
    }
    let ports = allocation.ports.filter { use.ports[$0] == service }
    for port in ports { use.ports[port] = nil }
    use.users.remove(service)
    self.ledgers[pool]?[address.family].free(ports, on: address, sharing: use.key)
    if use.users.isEmpty {
      self.ledgers[pool]?[address.family].free(address, sharing: use.key)
      self.openings.append(.free(pool: pool, address: address))
    } else {
      let key = use.key
      self.uses[address] = .shared(use)
      self.openings.append(.sharable(pool: pool, address: address, key: key))
    }
  }

  /// Forgets an allocation whose pool's ledger is gone, without saying that there is room. Only addresses that are
  /// reserved can be in the ledger of another pool as well.
  mutating func forget(_ service: ObjectKey) -> Allocation? {
    guard let allocation = self.allocations.removeValue(forKey: service) else { return nil }
    self.ledgers[allocation.pool]?.services -= 1
    for address in allocation.addresses {
      self.uses[address] = nil
      guard let pool = self.directory.owner(of: address) else { continue }
      self.ledgers[pool]?[address.family].free(address, sharing: nil)
    }
    return allocation
  }

  /// Whether the request may join those who are on the address: with the same key and other ports, or if it is alone there.
  private func check(_ address: IPAddress, for request: AllocationRequest) throws(AllocationError) {
    switch self.uses[address] {
    case nil:
      return
    case .exclusive(let owner):
      if owner != request.service { throw .otherSharingKey(service: request.service, users: [owner]) }
    case .shared(let use):
      if use.key != request.sharing {
        let others = use.users.filter { $0 != request.service }
        guard others.isEmpty else { throw .otherSharingKey(service: request.service, users: others.sorted()) }
      }
      for port in request.ports {
        if let owner = use.ports[port], owner != request.service { throw .portInUse(port, address) }
      }
    }
  }

  /// The addresses from the best of these pools: the first that has all, or, for one that prefers two, the first that
  /// has one of the primary family, else of the secondary (contract section 8.2).
  private func best(
    of pools: [String], for request: AllocationRequest
  ) -> (addresses: [IPAddress], pool: String)? {
    var primary: (IPAddress, String)?
    var secondary: (IPAddress, String)?
    for pool in pools {
      if case .single(let family) = request.families {
        if let address = self.ledgers[pool]?[family].first(for: request) { return ([address], pool) }
        continue
      }
      if request.policy == .singleStack { return nil }  // two cluster IPs, but one wanted (contract section 21.6)
      let first = self.ledgers[pool]?[request.primaryFamily].first(for: request)
      let second = self.ledgers[pool]?[request.primaryFamily.other].first(for: request)
      if let first, let second { return ([first, second].sorted(), pool) }
      if request.policy == .preferDualStack {
        primary = primary ?? first.map { ($0, pool) }
        secondary = secondary ?? second.map { ($0, pool) }
      }
    }
    return (primary ?? secondary).map { ([$0.0], $0.1) }
  }

  /// Which of the candidates of one pool a request takes; nil if they do not do.
  private static func choose(
    _ ipv4: IPAddress?, _ ipv6: IPAddress?, for request: AllocationRequest
  ) -> [IPAddress]? {
    switch (request.families, request.policy) {
    case (.single(.ipv4), _): return ipv4.map { [$0] }
    case (.single(.ipv6), _): return ipv6.map { [$0] }
    case (.dual, .singleStack): return nil
    case (.dual, .requireDualStack):
      guard let ipv4, let ipv6 else { return nil }
      return [ipv4, ipv6]
    case (.dual, .preferDualStack):
      let found = [ipv4, ipv6].compactMap { $0 }
      return found.isEmpty ? nil : found
    }
  }
}

extension AllocationRequest {
  /// The family that is tried first where only one can be had.
  var primaryFamily: IPFamily { self.prefersIPv6 ? .ipv6 : .ipv4 }
}
