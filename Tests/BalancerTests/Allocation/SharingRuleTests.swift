import KubernetesModel
import Primitives
import Testing

@testable import Balancer

/// Who may be on one address with whom (contract section 8.4), for either family.
@Suite struct SharingRuleTests {
  struct Pair: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var first: SharingKey?
    var second: SharingKey?
    var ports: [String]
    var mayShare: Bool
  }

  private static func sharing(_ text: String, _ backend: String = "") -> SharingKey {
    SharingKey(sharing: text, backend: backend)
  }

  /// The first has TCP/80.
  static let pairs: [Pair] = [
    Pair(testDescription: "no keys", first: nil, second: nil, ports: ["TCP/81"], mayShare: false),
    Pair(testDescription: "one key", first: sharing("k"), second: nil, ports: ["TCP/81"], mayShare: false),
    Pair(testDescription: "the other key", first: nil, second: sharing("k"), ports: ["TCP/81"], mayShare: false),
    Pair(testDescription: "equal keys", first: sharing("k"), second: sharing("k"), ports: ["TCP/81"], mayShare: true),
    Pair(
      testDescription: "unequal keys", first: sharing("k"), second: sharing("l"), ports: ["TCP/81"], mayShare: false),
    Pair(testDescription: "one port", first: sharing("k"), second: sharing("k"), ports: ["TCP/80"], mayShare: false),
    Pair(
      testDescription: "one of two ports", first: sharing("k"), second: sharing("k"), ports: ["TCP/81", "TCP/80"],
      mayShare: false),
    Pair(
      testDescription: "one number, two protocols", first: sharing("k"), second: sharing("k"), ports: ["UDP/80"],
      mayShare: true),
    Pair(
      testDescription: "local traffic to the same pods", first: sharing("k", "app=web"),
      second: sharing("k", "app=web"), ports: ["TCP/81"], mayShare: true),
    Pair(
      testDescription: "local traffic to other pods", first: sharing("k", "app=web"), second: sharing("k", "app=db"),
      ports: ["TCP/81"], mayShare: false),
    Pair(
      testDescription: "local and cluster-wide traffic", first: sharing("k", "app=web"), second: sharing("k"),
      ports: ["TCP/81"], mayShare: false),
  ]

  @Test(arguments: pairs, ["10.0.0.1", "2001:db8::1"])
  func `two Services share an address as the table says`(pair: Pair, address: String) throws {
    var allocator = Allocator(poolObject("p", ["10.0.0.0/24", "2001:db8::/120"]))
    let families = ServiceFamilies.single(ip(address).family)
    func service(_ name: String, _ sharing: SharingKey?, _ ports: [String]) -> AllocationRequest {
      let ports = ports.map { text in
        let parts = text.split(separator: "/")
        return PortKey(protocol: String(parts[0]), number: parts.last.flatMap { Int($0) } ?? 0)
      }
      return AllocationRequest(service: key("ns/\(name)"), ports: ports, sharing: sharing, families: families)
    }
    try allocator.assign([ip(address)], to: service("first", pair.first, ["TCP/80"]))
    let second = service("second", pair.second, pair.ports)
    #expect(((try? allocator.assign([ip(address)], to: second)) != nil) == pair.mayShare)
    #expect(allocator.counters(of: "p")?.assigned == 1, "an address counts once, however many are on it")
    #expect(allocator.counters(of: "p")?.services == (pair.mayShare ? 2 : 1))
  }

  @Test func `the only one on an address may change its key, one of several may not`() throws {
    var allocator = Allocator(poolObject("p", ["10.0.0.0/24"]))
    try allocator.assign([ip("10.0.0.1")], to: request("ns/a", sharing: "k"))
    try allocator.assign([ip("10.0.0.1")], to: request("ns/a", sharing: "l"))
    try allocator.assign([ip("10.0.0.1")], to: request("ns/b", port: 81, sharing: "l"))
    #expect(throws: AllocationError.otherSharingKey(service: key("ns/a"), users: [key("ns/b")])) {
      try allocator.assign([ip("10.0.0.1")], to: request("ns/a", sharing: "m"))
    }
  }
}
