import Primitives

/// What of a pool is in use, family by family.
struct PoolLedger: Sendable, Equatable {
  var configuration: PoolConfiguration
  var scope: PoolScope
  private(set) var ipv4: FamilyLedger
  private(set) var ipv6: FamilyLedger
  /// How many Services have their addresses here.
  var services = 0

  init(_ configuration: PoolConfiguration, scope: PoolScope) {
    self.configuration = configuration
    self.scope = scope
    self.ipv4 = FamilyLedger(configuration, family: .ipv4)
    self.ipv6 = FamilyLedger(configuration, family: .ipv6)
  }

  subscript(family: IPFamily) -> FamilyLedger {
    get {
      switch family {
      case .ipv4: self.ipv4
      case .ipv6: self.ipv6
      }
    }
    _modify {
      switch family {
      case .ipv4: yield &self.ipv4
      case .ipv6: yield &self.ipv6
      }
    }
  }

  var counters: PoolCounters {
    PoolCounters(
      ipv4: PoolCounters.Family(capacity: self.ipv4.capacity, assigned: self.ipv4.assigned),
      ipv6: PoolCounters.Family(capacity: self.ipv6.capacity, assigned: self.ipv6.assigned), services: self.services)
  }
}

/// What of one family of a pool is in use, by the numbers of `AddressNumbering`.
struct FamilyLedger: Sendable, Equatable {
  let numbering: AddressNumbering
  /// The number of addresses as it is shown: from 2^62 on, "very many" (contract section 8.7).
  let capacity: Int64
  private(set) var used = RunSet()
  private var shared: [SharingKey: SharedAddresses] = [:]

  init(_ configuration: PoolConfiguration, family: IPFamily) {
    self.numbering = AddressNumbering(
      configuration.blocks, family: family, avoidBuggyIPs: configuration.avoidBuggyIPs)
    let isVast = configuration.blocks.contains { block in
      block.family == family && block.prefixes.contains { $0.hostBits >= 62 }
    }
    self.capacity = isVast ? .max : Int64(clamping: self.numbering.count)
  }

  /// The number of distinct addresses in use.
  var assigned: Int64 { Int64(self.used.count) }

  /// Whether there is an address that nobody uses.
  var hasFree: Bool { self.firstFree != nil }

  /// The first address, in the order in which they are given, that the request may use: a free one, or one on which
  /// Services with its key leave its ports free.
  func first(for request: AllocationRequest) -> IPAddress? {
    let sharable = request.sharing.flatMap { self.shared[$0]?.lowest(without: request.ports) }
    switch (self.firstFree, sharable) {
    case (let free?, let sharable?): return self.numbering.address(at: min(free, sharable))
    case (let number?, nil), (nil, let number?): return self.numbering.address(at: number)
    case (nil, nil): return nil
    }
  }

  /// Notes that an address got its first user.
  mutating func take(_ address: IPAddress, sharing: SharingKey?) {
    guard let number = self.numbering.number(of: address) else { return }
    self.used.insert(number)
    if let sharing { self.shared[sharing, default: SharedAddresses()].insert(number) }
  }

  /// Notes that an address lost its last user.
  mutating func free(_ address: IPAddress, sharing: SharingKey?) {
    guard let number = self.numbering.number(of: address) else { return }
    self.used.remove(number)
    guard let sharing else { return }
    self.shared[sharing]?.remove(number)
    if self.shared[sharing]?.isEmpty == true { self.shared[sharing] = nil }
  }

  mutating func take(_ ports: [PortKey], on address: IPAddress, sharing: SharingKey) {
    guard let number = self.numbering.number(of: address) else { return }
    for port in ports { self.shared[sharing]?.take(port, at: number) }
  }

  mutating func free(_ ports: [PortKey], on address: IPAddress, sharing: SharingKey) {
    guard let number = self.numbering.number(of: address) else { return }
    for port in ports { self.shared[sharing]?.free(port, at: number) }
  }

  private var firstFree: UInt128? {
    guard let gap = self.used.firstGap(), gap < self.numbering.count else { return nil }
    return gap
  }
}

/// The figures of a pool, for its status and for the metrics.
package struct PoolCounters: Sendable, Hashable {
  package struct Family: Sendable, Hashable {
    /// How many addresses the pool may give; `Int64.max` stands for 2^62 and more.
    package var capacity: Int64
    /// How many distinct ones are in use.
    package var assigned: Int64

    package init(capacity: Int64, assigned: Int64) {
      self.capacity = capacity
      self.assigned = assigned
    }

    package var available: Int64 { self.capacity - self.assigned }
  }

  package var ipv4: Family
  package var ipv6: Family
  /// How many Services have their addresses from the pool.
  package var services: Int

  package init(ipv4: Family, ipv6: Family, services: Int) {
    self.ipv4 = ipv4
    self.ipv6 = ipv6
    self.services = services
  }

  /// The capacity of both families, saturating.
  package var capacity: Int64 {
    let (sum, overflow) = self.ipv4.capacity.addingReportingOverflow(self.ipv6.capacity)
    return overflow ? .max : sum
  }

  package var assigned: Int64 { self.ipv4.assigned + self.ipv6.assigned }
}
