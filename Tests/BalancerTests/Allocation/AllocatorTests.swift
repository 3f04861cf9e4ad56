import KubernetesModel
import Primitives
import Testing

@testable import Balancer

@Suite struct AllocatorTests {
  private func sentence(_ body: () throws(AllocationError) -> Void) -> String? {
    do {
      try body()
      return nil
    } catch {
      return error.description
    }
  }

  @Test(arguments: [
    (["10.0.0.0/24"], false, 256, 0),
    (["10.0.0.0/24"], true, 254, 0),
    (["10.0.0.0/23", "10.0.4.255/32"], true, 508, 0),
    (["10.0.0.0/32"], true, 0, 0),
    (["2001:db8::/67"], false, 0, 1 << 61),
    (["2001:db8::/66"], false, 0, Int64.max),
    (["10.0.0.0/30", "2001:db8::/64"], false, 4, Int64.max),
    (["2001:db8::1-2001:db8::4"], false, 0, 4),
    (["0.0.0.0/0", "::/0"], false, 1 << 32, Int64.max),
  ])
  func `capacity counts what can be given and saturates`(
    blocks: [String], avoidBuggyIPs: Bool, ipv4: Int64, ipv6: Int64
  ) {
    let counters = Allocator(poolObject("p", blocks, avoidBuggyIPs: avoidBuggyIPs)).counters(of: "p")
    #expect(counters?.ipv4 == PoolCounters.Family(capacity: ipv4, assigned: 0))
    #expect(counters?.ipv6 == PoolCounters.Family(capacity: ipv6, assigned: 0))
    #expect(counters?.capacity == (ipv6 == .max ? .max : ipv4 + ipv6))
  }

  @Test func `a Service that shows addresses of two pools counts once, though one of them goes`() throws {
    let (ipv4, ipv6) = (poolObject("a", ["10.0.0.0/30"]), poolObject("b", ["2001:db8::/126"]))
    var allocator = Allocator()
    _ = allocator.use(PoolResolution([ipv4, ipv6]).pools, namespaces: [:])
    let addresses = try ["10.0.0.1", "2001:db8::1"].map { try #require(IPAddress($0)) }
    try allocator.reserve(addresses, for: request("ns/other"))
    _ = allocator.use(PoolResolution([ipv4]).pools, namespaces: [:])
    try allocator.reserve([addresses[0]], for: request("ns/other"))
    #expect(allocator.counters(of: "a")?.services == 1)
  }

  @Test func `a range is used upward across its prefixes, and blocks in the order of the spec`() throws {
    var allocator = Allocator(poolObject("p", ["10.0.9.0/31", "10.0.0.3-10.0.0.6"]))
    for number in 0..<6 { try allocator.allocate(request("ns/s\(number)")) }
    #expect(
      (0..<6).flatMap { allocator.addresses(of: "ns/s\($0)") } == [
        "10.0.9.0", "10.0.9.1", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6",
      ])
    #expect(
      self.sentence { () throws(AllocationError) in try allocator.allocate(request("ns/x")) } == "no available IPs")
  }

  @Test func `the first address of the largest pools is as near as that of the smallest`() throws {
    var allocator = Allocator(poolObject("a", ["10.0.0.0/8"]), poolObject("b", ["2001:db8::/32"]))
    try allocator.assign([ip("10.255.255.255")], to: request("ns/last"))
    try allocator.allocate(request("ns/four"))
    try allocator.allocate(request("ns/six", families: .single(.ipv6)))
    #expect(allocator.addresses(of: "ns/four") == ["10.0.0.0"])
    #expect(allocator.addresses(of: "ns/six") == ["2001:db8::"])
  }

  @Test func `the checks of an explicit request come in upstream's order`() {
    var allocator = Allocator(
      poolObject("open", ["10.0.0.0/30", "2001:db8::/126"]),
      poolObject(
        "mine", ["10.1.0.0/30"], serviceAllocation: IPAddressPool.ServiceAllocation(namespaces: ["mine"])),
      poolObject("neat", ["10.2.0.0/24"], avoidBuggyIPs: true))
    func attempt(_ addresses: [String], _ request: AllocationRequest) -> String? {
      self.sentence { () throws(AllocationError) in try allocator.assign(addresses.map(ip), to: request) }
    }
    #expect(attempt(["10.9.0.0"], request("ns/a")) == #""10.9.0.0" is not allowed in config"#)
    #expect(
      attempt(["10.0.0.0", "10.1.0.0"], request("ns/a")) == #"["10.0.0.0" "10.1.0.0"] is not allowed in config"#)
    #expect(attempt(["10.2.0.255"], request("ns/a")) == #""10.2.0.255" is not allowed in config"#)
    #expect(attempt(["10.1.0.0"], request("ns/a")) == "pool mine not compatible for ip assignment")
    #expect(attempt(["10.1.0.0"], request("mine/a")) == nil)
    #expect(
      attempt(["10.0.0.0", "10.0.0.1", "10.0.0.2"], request("ns/a"))
        == #"more than two addresses ["10.0.0.0" "10.0.0.1" "10.0.0.2"]"#)
    #expect(attempt(["10.0.0.0", "10.0.0.1"], request("ns/a")) == #""10.0.0.0" "10.0.0.1" has the same family"#)
    #expect(attempt(["10.0.0.0", "2001:db8::"], request("ns/a", sharing: "k")) == nil)
    #expect(
      attempt(["2001:db8::"], request("ns/b", port: 81))
        == #"can't change sharing key for "ns/b", address also in use by ns/a"#)
    #expect(
      attempt(["2001:db8::"], request("ns/b", sharing: "k")) == #"port TCP/80 is already in use on "2001:db8::""#)
    #expect(attempt(["2001:db8::"], request("ns/b", port: 81, sharing: "k")) == nil)
  }

  @Test func `pinned pools come by priority, then by name, and unpinned ones last`() throws {
    func pinned(_ name: String, _ third: Int, _ priority: Int?) -> IPAddressPool {
      poolObject(
        name, ["10.0.\(third).0/32"], serviceAllocation: IPAddressPool.ServiceAllocation(priority: priority))
    }
    var allocator = Allocator(
      poolObject("a", ["10.0.0.0/32"]), pinned("z", 1, 1), pinned("y", 2, 50), pinned("x", 3, 50), pinned("b", 4, nil),
      pinned("c", 5, 0))
    for number in 0..<6 { try allocator.allocate(request("ns/s\(number)")) }
    #expect((0..<6).map { allocator.allocation(of: key("ns/s\($0)"))?.pool } == ["z", "x", "y", "b", "c", "a"])
  }

  @Test func `a pool with another address order is entered anew and nobody loses an address`() throws {
    var allocator = Allocator(poolObject("p", ["10.0.0.0/30"]))
    try allocator.allocate(request("ns/a", sharing: "k"))
    try allocator.allocate(request("ns/b", port: 81, sharing: "k"))
    let disturbance = allocator.use(pools(poolObject("p", ["10.0.1.0/31", "10.0.0.0/31"])), namespaces: [:])
    #expect(disturbance.services == [key("ns/a"), key("ns/b")])
    #expect(allocator.users(of: ip("10.0.0.0")) == [key("ns/a"), key("ns/b")])
    try allocator.allocate(request("ns/c", port: 80, sharing: "k"))
    #expect(allocator.addresses(of: "ns/c") == ["10.0.1.0"])
  }

  @Test func `a pool that only gets other labels disturbs nobody`() throws {
    var allocator = Allocator(poolObject("p", ["10.0.0.0/30"]))
    try allocator.allocate(request("ns/a"))
    let disturbance = allocator.use(
      pools(poolObject("p", ["10.0.0.0/30"], labels: ["x": "y"])), namespaces: [:])
    #expect(disturbance == Allocator.Disturbance())
  }

  @Test(arguments: 0..<8)
  func `the lowest sharable address is found as by looking at each`(seed: Int) {
    var dice = SplitMix64(seed: UInt64(seed))
    var shared = SharedAddresses()
    var model: [UInt128: Set<PortKey>] = [:]
    for _ in 0..<2_000 {
      let number = UInt128(dice.next() % 30)
      let port = PortKey(protocol: "TCP", number: Int(dice.next() % 4))
      switch (dice.next() % 3, model[number]) {
      case (0, let ports?):
        for port in ports { shared.free(port, at: number) }
        shared.remove(number)
        model[number] = nil
      case (1, let ports?) where ports.contains(port):
        shared.free(port, at: number)
        model[number]?.remove(port)
      case (_, nil):
        shared.insert(number)
        model[number] = []
        fallthrough
      default:
        shared.take(port, at: number)
        model[number]?.insert(port)
      }
      let wanted = Set((0...(dice.next() % 3)).map { _ in PortKey(protocol: "TCP", number: Int(dice.next() % 5)) })
      let expected = model.filter { $0.value.isDisjoint(with: wanted) }.keys.min()
      #expect(shared.lowest(without: Array(wanted)) == expected)
    }
  }
}
