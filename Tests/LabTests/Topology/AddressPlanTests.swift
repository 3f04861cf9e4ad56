import Primitives
import Testing

@testable import Lab

struct AddressPlanTests {
  @Test func `every host has a name, an address and a namespace of its own`() throws {
    let plan = try #require(AddressPlan(lab: "demo", nodeCount: AddressPlan.maximumNodes))
    #expect(Set(plan.hosts.map(\.address)).count == AddressPlan.maximumNodes + 2)
    #expect(Set(plan.hosts.map(\.namespace)).count == AddressPlan.maximumNodes + 2)
    #expect(!plan.hosts.contains { $0.address == AddressPlan.controlPlane })
    #expect(Set(plan.hosts.map(\.address6)).count == AddressPlan.maximumNodes + 2)
    #expect(plan.host("node-2")?.podNetwork == IPPrefix("10.244.2.0/24"))
    #expect(plan.host("node-2")?.podNetwork6 == IPPrefix("fd00:10:244:2::/64"))
    #expect(plan.host("node-2")?.podAddress6(of: IPv4Address(10, 244, 2, 105)) == IPv6Address("fd00:10:244:2::105"))
    #expect(plan.host("node-2")?.namespacePath == "/run/netns/metallb.demo.node-2")
  }

  @Test(arguments: ["", "-a", "a-", "A", "a.b", "a b", "../x", "aaaaaaaaaaaaaaaaaaaaa"])
  func `a name that could mean something to a path or a command is no lab's name`(name: String) {
    #expect(AddressPlan(lab: name, nodeCount: 3) == nil)
  }

  @Test func `labs whose names begin alike do not share a prefix of namespaces`() throws {
    let (short, long) = (
      try #require(AddressPlan(lab: "a", nodeCount: 1)), try #require(AddressPlan(lab: "a-b", nodeCount: 1))
    )
    #expect(!long.fabric.hasPrefix(short.namespacePrefix))
  }

  @Test func `a node has routes to the other nodes' pods, and takes all else for on-link`() throws {
    let plan = try #require(AddressPlan(lab: "x", nodeCount: 2))
    #expect(
      Topology.hostCommands(plan.nodes[0], in: plan) == [
        "link set lo up", "address add 198.18.0.11/24 dev eth0", "address add 2001:2::11/64 dev eth0 nodad",
        "link set eth0 up", "route add default dev eth0 scope link", "route add ::/0 dev eth0",
        "route add 10.244.2.0/24 via 198.18.0.12", "route add fd00:10:244:2::/64 via 2001:2::12",
      ])
    #expect(
      Topology.hostCommands(plan.outsiders[0], in: plan) == [
        "link set lo up", "address add 198.18.0.100/24 dev eth0", "address add 2001:2::100/64 dev eth0 nodad",
        "link set eth0 up", "route add default dev eth0 scope link", "route add ::/0 dev eth0",
      ])
  }

  @Test func `pod addresses are reused from the lowest`() {
    var addresses = PodAddresses(network: IPv4Address(10, 244, 3, 0))
    let first = addresses.take()
    #expect(first == IPv4Address(10, 244, 3, 2))
    #expect(addresses.take() == IPv4Address(10, 244, 3, 3))
    addresses.free(IPv4Address(10, 244, 3, 2))
    #expect(addresses.take() == first)
    for _ in 0..<251 { _ = addresses.take() }
    #expect(addresses.take() == nil)
  }
}
