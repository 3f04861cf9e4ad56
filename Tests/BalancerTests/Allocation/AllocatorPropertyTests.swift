import KubernetesModel
import Primitives
import Testing

@testable import Balancer

/// Invariants of the allocator, on thousands of random steps against `SlowAllocator`.
@Suite struct AllocatorPropertyTests {
  static let objects = [
    poolObject("a", ["10.0.0.250-10.0.1.5", "10.0.0.0/30"], avoidBuggyIPs: true),
    poolObject("b", ["10.1.0.8/29", "2001:db8:b::/125"]),
    poolObject("c", ["2001:db8:c::4-2001:db8:c::9"]),
    poolObject("d", ["10.3.0.0/30", "2001:db8:d::/126"], autoAssign: false),
  ]

  /// The allocator and the model, given the same steps.
  private struct Twins {
    var allocator = Allocator()
    var model = SlowAllocator()
    var dice: SplitMix64

    init(seed: Int) {
      let resolution = PoolResolution(AllocatorPropertyTests.objects)
      _ = self.allocator.use(resolution.pools, namespaces: [:])
      self.model.pools = resolution.sorted
      self.dice = SplitMix64(seed: UInt64(seed))
    }

    mutating func randomRequest() -> AllocationRequest {
      let number = Int(self.dice.next() % 40)
      let shape = self.dice.next() % 6
      let ports = Set((0...(self.dice.next() % 2)).map { _ in 80 + Int(self.dice.next() % 4) }).sorted()
      let keys: [SharingKey?] = [
        nil, nil, SharingKey(sharing: "k"), SharingKey(sharing: "k"), SharingKey(sharing: "l"),
        SharingKey(sharing: "k", backend: "app=web"),
      ]
      return AllocationRequest(
        service: key("ns/s\(number)"), ports: ports.map { PortKey(protocol: "TCP", number: $0) },
        sharing: keys[Int(self.dice.next() % 6)],
        families: shape < 2 ? .single(.ipv4) : shape < 3 ? .single(.ipv6) : .dual,
        policy: shape < 3 ? .singleStack : shape < 5 ? .preferDualStack : .requireDualStack,
        prefersIPv6: Bool.random(using: &self.dice))
    }

    mutating func randomAddress() -> IPAddress {
      let pool = self.model.pools[Int(self.dice.next() % 4)]
      let addresses = self.model.addresses(of: pool)
      return addresses[Int(self.dice.next() % UInt64(addresses.count))]
    }

    /// One random step on both; the results must be the same.
    mutating func step() {
      let request = self.randomRequest()
      switch self.dice.next() % 4 {
      case 0:
        self.allocator.release(request.service)
        self.model.held[request.service] = nil
      case 1:
        let addresses = [self.randomAddress()]
        let mine = self.error { allocator throws(AllocationError) in
          _ = try allocator.assign(addresses, to: request)
        }
        #expect(mine == self.model.assign(addresses, to: request))
      default:
        self.allocator.release(request.service)
        self.model.held[request.service] = nil
        let mine = self.error { allocator throws(AllocationError) in _ = try allocator.allocate(request) }
        #expect(mine == self.model.allocate(request))
      }
      #expect(
        self.allocator.allocation(of: request.service)?.addresses == self.model.held[request.service]?.addresses)
    }

    mutating func error(
      _ body: (inout Allocator) throws(AllocationError) -> Void
    ) -> AllocationError? {
      do {
        try body(&self.allocator)
        return nil
      } catch {
        return error
      }
    }
  }

  @Test(arguments: 0..<12)
  func `each step gives what upstream's scan would give`(seed: Int) {
    var twins = Twins(seed: seed)
    for _ in 0..<400 { twins.step() }
  }

  @Test(arguments: 0..<6)
  func `no address has two Services unless they share it`(seed: Int) {
    var twins = Twins(seed: seed + 1000)
    for _ in 0..<600 {
      twins.step()
    }
    var onAddress: [IPAddress: [AllocationRequest]] = [:]
    for (_, held) in twins.model.held {
      for address in held.addresses { onAddress[address, default: []].append(held.request) }
    }
    for (address, requests) in onAddress {
      #expect(twins.allocator.users(of: address) == requests.map(\.service).sorted())
      guard requests.count > 1 else { continue }
      #expect(Set(requests.map(\.sharing)).count == 1)
      #expect(requests.allSatisfy { $0.sharing != nil })
      let ports = requests.flatMap(\.ports)
      #expect(Set(ports).count == ports.count)
    }
  }

  @Test(arguments: 0..<6)
  func `the counters equal the truth`(seed: Int) {
    var twins = Twins(seed: seed + 2000)
    for _ in 0..<300 {
      twins.step()
      for pool in twins.model.pools {
        let model = twins.model
        func family(_ family: IPFamily) -> PoolCounters.Family {
          PoolCounters.Family(
            capacity: model.capacity(family, of: pool), assigned: model.assigned(family, in: pool.name))
        }
        let truth = PoolCounters(
          ipv4: family(.ipv4), ipv6: family(.ipv6), services: model.held.values.count { $0.pool == pool.name })
        #expect(twins.allocator.counters(of: pool.name) == truth)
      }
    }
  }

  @Test(arguments: 0..<6)
  func `adopting what was allocated, in any order, gives the same state`(seed: Int) throws {
    var twins = Twins(seed: seed + 3000)
    for _ in 0..<300 { twins.step() }
    var adopted = Allocator()
    _ = adopted.use(PoolResolution(Self.objects).pools, namespaces: [:])
    for held in twins.model.held.values.shuffled(using: &twins.dice) {
      try adopted.assign(held.addresses, to: held.request)
    }
    _ = (adopted.takeOpenings(), twins.allocator.takeOpenings())
    _ = (adopted.takeTouched(), twins.allocator.takeTouched())
    #expect(adopted == twins.allocator)
  }

  @Test(arguments: 0..<6)
  func `freeing and adding again restores the state`(seed: Int) throws {
    var twins = Twins(seed: seed + 4000)
    for _ in 0..<300 { twins.step() }
    _ = (twins.allocator.takeOpenings(), twins.allocator.takeTouched())
    let before = twins.allocator
    for held in twins.model.held.values {
      twins.allocator.release(held.request.service)
      try twins.allocator.assign(held.addresses, to: held.request)
    }
    _ = (twins.allocator.takeOpenings(), twins.allocator.takeTouched())
    #expect(twins.allocator == before)
  }

  @Test(arguments: 0..<6)
  func `after all are freed nothing is left`(seed: Int) {
    var twins = Twins(seed: seed + 5000)
    let empty = twins.allocator
    for _ in 0..<300 { twins.step() }
    for service in twins.model.held.keys { twins.allocator.release(service) }
    _ = (twins.allocator.takeOpenings(), twins.allocator.takeTouched())
    var fresh = empty
    _ = (fresh.takeOpenings(), fresh.takeTouched())
    #expect(twins.allocator == fresh)
  }

  @Test(arguments: 0..<6)
  func `putting the same pools in force under other names moves all and loses none`(seed: Int) {
    var twins = Twins(seed: seed + 6000)
    for _ in 0..<300 { twins.step() }
    let before = twins.allocator.allocations
    let renamed = Self.objects.map { object in
      var object = object
      object.metadata.name = object.metadata.name.map { "new-\($0)" }
      return object
    }
    let disturbance = twins.allocator.use(PoolResolution(renamed).pools, namespaces: [:])
    #expect(disturbance.services == Set(before.keys))
    #expect(
      twins.allocator.allocations
        == before.mapValues { allocation in
          var allocation = allocation
          allocation.pool = "new-\(allocation.pool)"
          return allocation
        })
    #expect(
      Self.objects.map { twins.allocator.counters(of: "new-\($0.metadata.name ?? "")")?.assigned }
        == Self.objects.map { object in
          IPFamily.allCases.reduce(0) { $0 + twins.model.assigned($1, in: object.metadata.name ?? "") }
        })
  }
}
