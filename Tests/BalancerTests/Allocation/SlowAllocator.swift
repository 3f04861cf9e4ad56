import KubernetesModel
import Primitives

@testable import Balancer

/// The allocator as one would explain it: every address in a list, every question answered by looking at all of them.
struct SlowAllocator {
  var pools: [PoolConfiguration] = []
  var held: [ObjectKey: (addresses: [IPAddress], pool: String, request: AllocationRequest)] = [:]

  /// The addresses that a pool may give, in the order in which it gives them.
  func addresses(of pool: PoolConfiguration) -> [IPAddress] {
    pool.blocks.flatMap { block in
      (block.lower...block.upper).compactMap { IPAddress(block.family, bits: $0) }
        .filter { !(pool.avoidBuggyIPs && $0.isBuggy) }
    }
  }

  /// Why a request may not be on an address beside those who are.
  func obstacle(_ address: IPAddress, _ request: AllocationRequest) -> AllocationError? {
    let others = self.held.filter { $0.key != request.service && $0.value.addresses.contains(address) }
    guard !others.isEmpty else { return nil }
    if others.contains(where: { $0.value.request.sharing == nil || $0.value.request.sharing != request.sharing }) {
      return .otherSharingKey(service: request.service, users: others.keys.sorted())
    }
    for port in request.ports where others.contains(where: { $0.value.request.ports.contains(port) }) {
      return .portInUse(port, address)
    }
    return nil
  }

  /// The first address of a family of a pool that a request may use.
  func first(_ family: IPFamily, in pool: PoolConfiguration, for request: AllocationRequest) -> IPAddress? {
    self.addresses(of: pool).first { $0.family == family && self.obstacle($0, request) == nil }
  }

  mutating func assign(_ addresses: [IPAddress], to request: AllocationRequest) -> AllocationError? {
    let owner = self.pools.first { pool in addresses.allSatisfy { self.addresses(of: pool).contains($0) } }
    guard let owner else { return .notInConfiguration(addresses) }
    for address in addresses {
      if let obstacle = self.obstacle(address, request) { return obstacle }
    }
    self.held[request.service] = (addresses, owner.name, request)
    return nil
  }

  /// What a request that holds nothing gets from these pools, tried in order.
  func choice(from pools: [PoolConfiguration], for request: AllocationRequest) -> [IPAddress]? {
    var primary: IPAddress?
    var secondary: IPAddress?
    for pool in pools {
      let found = [IPFamily.ipv4, .ipv6].compactMap { self.first($0, in: pool, for: request) }
      switch (request.families, request.policy) {
      case (.single(let family), _):
        if let address = found.first(where: { $0.family == family }) { return [address] }
      case (.dual, .singleStack):
        return nil
      case (.dual, let policy):
        if found.count == 2 { return found }
        guard policy == .preferDualStack, let only = found.first else { continue }
        let isPrimary = (only.family == .ipv6) == request.prefersIPv6
        if isPrimary { primary = primary ?? only } else { secondary = secondary ?? only }
      }
    }
    return (primary ?? secondary).map { [$0] }
  }

  mutating func allocate(_ request: AllocationRequest) -> AllocationError? {
    let automatic = self.pools.filter(\.autoAssign).sorted { $0.name < $1.name }
    guard let addresses = self.choice(from: automatic, for: request) else { return .noneAvailable }
    return self.assign(addresses, to: request)
  }

  /// The distinct addresses in use of a family of a pool.
  func assigned(_ family: IPFamily, in pool: String) -> Int64 {
    Int64(Set(self.held.values.filter { $0.pool == pool }.flatMap(\.addresses)).count { $0.family == family })
  }

  func capacity(_ family: IPFamily, of pool: PoolConfiguration) -> Int64 {
    Int64(self.addresses(of: pool).count { $0.family == family })
  }
}
