import Primitives

/// A rack with routers of its own: nodes have BGP sessions with them, and the client is behind them.
///
///     client eth0 198.18.2.100 ── eth2 router eth1 198.18.1.254 ─┬─ eth1 tor-1 eth0 198.18.0.201 ─┬─ the nodes' wire
///                                      │                         └─ eth1 tor-2 eth0 198.18.0.202 ─┤
///                                      └─ eth0 198.18.0.254 ──────────────────────────────────────┘
///
/// What the client asks takes the road that BGP has shown. What nodes answer takes the next hop that they are configured
/// with, the router's own leg in the rack: it stands for a gateway that outlives each router, as racks have one, so that what
/// is lost when a router dies is lost by the announcement alone.
extension AddressPlan {
  package static let maximumRackRouters = 4
  package static let rackASN = 65116
  package static let routerASN = 65100
  package static let clientNetwork = "198.18.2.0/24"
  package static let clientNetwork6 = "2001:2:0:2::/64"
  package static let distantClient = IPv4Address(198, 18, 2, 100)
  package static let routerForClient = IPv4Address(198, 18, 2, 254)
  package static let routerUplink = IPv4Address(198, 18, 1, 254)

  package var hasRack: Bool { self.rackRouterCount > 0 }

  package var rackRouters: [Host] {
    (0..<self.rackRouterCount).map { index in
      let number = UInt8(201 + index)
      return Host(
        name: "tor-\(index + 1)", role: .rackRouter, address: IPv4Address(198, 18, 0, number),
        namespace: self.namespace("tor-\(index + 1)"), uplink: IPv4Address(198, 18, 1, number))
    }
  }

  /// Whether a host is not on the nodes' wire.
  package func isDistant(_ host: Host) -> Bool { self.hasRack && host.role == .client }
}

extension AddressPlan.Host {
  /// The far end of the cable to the wire behind the rack.
  var uplinkCable: String { "\(self.name)-up" }
}
