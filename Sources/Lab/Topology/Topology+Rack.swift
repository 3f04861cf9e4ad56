import Primitives

/// The wires of a rack with routers, see `AddressPlan+Rack.swift`.
extension Topology {
  static func rackFabricCommands(_ plan: AddressPlan) -> [String] {
    var commands = ["link add br1 type bridge forward_delay 0", "link set br1 up"]
    for host in plan.hosts where host.uplink != nil {
      commands.append("link add \(host.uplinkCable) type veth peer name eth1 netns \(host.namespace)")
      commands.append("link set \(host.uplinkCable) master br1")
      commands.append("link set \(host.uplinkCable) up")
    }
    for client in plan.outsiders where plan.isDistant(client) {
      for router in plan.outsiders where router.role == .router {
        commands.append(
          "link add eth2 netns \(router.namespace) type veth peer name eth0 netns \(client.namespace)")
      }
    }
    return commands
  }

  static func rackHostCommands(_ host: AddressPlan.Host) -> [String] {
    let uplink = host.uplink.map { self.addressCommands("eth1", $0) } ?? []
    switch host.role {
    case .node:
      return self.clientRoutes(via: AddressPlan.router)
    case .client:
      let gateway = AddressPlan.routerForClient
      return ["route add default via \(gateway)", "route add ::/0 via \(AddressPlan.address6(of: gateway))"]
    case .router:
      return uplink + self.addressCommands("eth2", AddressPlan.routerForClient)
    case .rackRouter:
      return uplink + self.clientRoutes(via: AddressPlan.routerUplink)
    }
  }

  private static func clientRoutes(via gateway: IPv4Address) -> [String] {
    [
      "route add \(AddressPlan.clientNetwork) via \(gateway)",
      "route add \(AddressPlan.clientNetwork6) via \(AddressPlan.address6(of: gateway))",
    ]
  }
}
