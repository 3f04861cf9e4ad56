import Primitives
import Testing

@testable import Lab

struct RackTests {
  private let plan: AddressPlan

  init() throws {
    self.plan = try #require(AddressPlan(lab: "x", nodeCount: 2, rackRouterCount: 2))
  }

  @Test func `nobody shares an address or a cable with another`() throws {
    let plan = try #require(
      AddressPlan(
        lab: "x", nodeCount: AddressPlan.maximumNodes, rackRouterCount: AddressPlan.maximumRackRouters))
    let addresses = plan.hosts.map(\.address) + plan.hosts.compactMap(\.uplink) + [AddressPlan.routerForClient]
    #expect(Set(addresses).count == addresses.count)
    #expect(Set(addresses.map(AddressPlan.address6)).count == addresses.count)
    let cables = plan.hosts.map(\.name) + plan.hosts.filter { $0.uplink != nil }.map(\.uplinkCable)
    #expect(Set(cables).count == cables.count)
    #expect(cables.allSatisfy { $0.utf8.count < 16 })
    #expect(AddressPlan(lab: "x", nodeCount: 1, rackRouterCount: AddressPlan.maximumRackRouters + 1) == nil)
  }

  @Test func `the client is behind the router, and nodes have a next hop to it`() throws {
    let client = try #require(self.plan.host("client"))
    #expect(
      Topology.hostCommands(client, in: self.plan) == [
        "link set lo up", "address add 198.18.2.100/24 dev eth0", "address add 2001:2:0:2::100/64 dev eth0 nodad",
        "link set eth0 up", "route add default via 198.18.2.254", "route add ::/0 via 2001:2:0:2::254",
      ])
    let node = Topology.hostCommands(self.plan.nodes[0], in: self.plan)
    #expect(node.contains("route add 198.18.2.0/24 via 198.18.0.254"))
    #expect(node.contains("route add 2001:2:0:2::/64 via 2001:2::254"))
    let fabric = Topology.fabricCommands(self.plan)
    #expect(!fabric.contains { $0.hasPrefix("link add client ") })
    #expect(fabric.contains("link add eth2 netns metallb.x.router type veth peer name eth0 netns metallb.x.client"))
    #expect(fabric.contains("link set tor-2-up master br1"))
  }

  @Test func `a router of the rack takes no road but those that BGP shows it`() throws {
    let router = try #require(self.plan.host("tor-1"))
    #expect(
      Topology.hostCommands(router, in: self.plan) == [
        "link set lo up", "address add 198.18.0.201/24 dev eth0", "address add 2001:2::201/64 dev eth0 nodad",
        "link set eth0 up", "address add 198.18.1.201/24 dev eth1", "address add 2001:2:0:1::201/64 dev eth1 nodad",
        "link set eth1 up", "route add 198.18.2.0/24 via 198.18.1.254", "route add 2001:2:0:2::/64 via 2001:2:0:1::254",
      ])
  }

  @Test func `the routers of the rack expect every node, the one behind them expects each of them`() throws {
    let lines = try #require(RouterConfiguration(host: self.plan.rackRouters[0], plan: self.plan).bgp)
      .split(separator: "\n").map { $0.trimmingPrefix { $0 == " " } }
    for peer in ["198.18.0.11", "198.18.0.12", "2001:2::11", "2001:2::12"] {
      #expect(lines.contains("neighbor \(peer) peer-group workers"))
    }
    #expect(lines.contains("router bgp 65116"))
    #expect(lines.contains("neighbor 198.18.1.254 remote-as 65100"))
    let router = try #require(self.plan.host("router"))
    let behind = try #require(RouterConfiguration(host: router, plan: self.plan).bgp)
    #expect(behind.contains("neighbor 198.18.1.201 remote-as 65116\n"))
    #expect(behind.contains("neighbor 198.18.1.202 remote-as 65116\n"))
    #expect(behind.contains("maximum-paths 64"))
    #expect(RouterConfiguration(host: self.plan.nodes[0], plan: self.plan).bgp == nil)
  }
}
