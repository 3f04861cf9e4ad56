import Balancer
import KubernetesModel
import Primitives

/// Prints how many addresses a second the allocator gives: with few and with a million given before, in pools that are
/// fresh and in pools that are almost full, to Services that have them already, and with all under one sharing key.
///
///     swift run -c release allocator-benchmark
@main
struct AllocatorBenchmark {
  static func main() throws {
    PoolBenchmark.run()
    try Self.report("20,000 fresh addresses from a /8", 20_000) { try Self.fill(["10.0.0.0/8"], .ipv4, $0) }
    for count in [10_000, 100_000, 1_000_000] {
      try Self.report("\(count) fresh addresses from a /8", count) { try Self.fill(["10.0.0.0/8"], .ipv4, $0) }
      try Self.report("\(count) fresh addresses from a /32 of IPv6", count) {
        try Self.fill(["2001:db8::/32"], .ipv6, $0)
      }
      try Self.report("\(count) addresses that Services have already, taken over", count) {
        try Self.adopt("10.0.0.0/8", $0)
      }
      try Self.reportChurn(pool: "10.0.0.0/8", family: .ipv4, size: count)
      try Self.reportChurn(pool: "2001:db8::/32", family: .ipv6, size: count)
    }
    try Self.report("100,000 Services with one sharing key and one port", 100_000) { count in
      try Self.fill(["10.0.0.0/8"], .ipv4, count, sharing: SharingKey(sharing: "k"))
    }
    try Self.report("60,000 Services with one sharing key and a port each", 60_000) { count in
      var allocator = Self.allocator(["10.0.0.0/8"])
      for number in 0..<count {
        try allocator.allocate(
          Self.request(number, .ipv4, port: number + 1, sharing: SharingKey(sharing: "k")))
      }
    }
  }

  /// Times a run, and says how many allocations a second that was.
  static func report(_ what: String, _ count: Int, _ body: (Int) throws -> Void) rethrows {
    let clock = ContinuousClock()
    let time = try clock.measure { try body(count) }
    let seconds = Double(time.components.seconds) + Double(time.components.attoseconds) / 1e18
    print("\(what): \(time), \(Int(Double(count) / seconds)) a second")
  }

  /// A pool of exactly `size` addresses of which 1% are free, all over it: freeing one and allocating one, many times.
  static func reportChurn(pool: String, family: IPFamily, size: Int) throws {
    guard let network = IPPrefix(pool), let last = IPAddress(family, bits: network.address.bits + UInt128(size - 1))
    else { return }
    var allocator = Self.allocator(["\(network.address)-\(last)"])
    for number in 0..<size { try allocator.allocate(Self.request(number, family)) }
    var dice = SplitMix64(seed: 1)
    var vacant: [Int] = []
    var present = Set(0..<size)
    while vacant.count < size / 100 {
      let number = Int(dice.next() % UInt64(size))
      guard present.remove(number) != nil else { continue }
      allocator.release(Self.key(number))
      vacant.append(number)
    }
    let rounds = min(size / 100, 10_000)
    try Self.report("\(rounds) addresses from a \(family) pool of \(size) at 99% fill", rounds) { rounds in
      for round in 0..<rounds { try allocator.allocate(Self.request(vacant[round], family)) }
    }
  }

  static func fill(_ blocks: [String], _ family: IPFamily, _ count: Int, sharing: SharingKey? = nil) throws {
    var allocator = Self.allocator(blocks)
    for number in 0..<count { try allocator.allocate(Self.request(number, family, sharing: sharing)) }
  }

  /// What a controller does at its start: each Service keeps the address that its status says.
  static func adopt(_ block: String, _ count: Int) throws {
    guard let network = IPPrefix(block) else { return }
    var allocator = Self.allocator([block])
    for number in 0..<count {
      guard let address = IPAddress(.ipv4, bits: network.address.bits + UInt128(number)) else { return }
      try allocator.assign([address], to: Self.request(number, .ipv4))
    }
  }

  static func allocator(_ blocks: [String]) -> Allocator {
    let pool = IPAddressPool(
      metadata: ObjectMeta(name: "pool", namespace: "metallb-system"), spec: IPAddressPool.Spec(addresses: blocks))
    var allocator = Allocator()
    _ = allocator.use(PoolResolution([pool]).pools, namespaces: [:])
    return allocator
  }

  static func key(_ number: Int) -> ObjectKey { ObjectKey(namespace: "default", name: "service-\(number)") }

  static func request(_ number: Int, _ family: IPFamily, port: Int = 80, sharing: SharingKey? = nil)
    -> AllocationRequest
  {
    AllocationRequest(
      service: Self.key(number), ports: [PortKey(protocol: "TCP", number: port)], sharing: sharing,
      families: .single(family))
  }
}
