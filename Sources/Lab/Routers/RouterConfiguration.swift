import Primitives

/// What the routers of a rack, and the router behind them, are told: the text that FRR's daemons read.
///
/// The routers of the rack wait for the nodes to connect, watch them with BFD, and use all next hops at once; the router
/// behind them hears of every address from each of them.
struct RouterConfiguration: Sendable, Hashable {
  /// How often BFD packets are sent, and how many may be missed, in the words of FRR.
  static let bfd = """
    bfd
     profile rack
      receive-interval 100
      transmit-interval 100
      detect-multiplier 3
     !
    !
    """

  let host: AddressPlan.Host
  let plan: AddressPlan

  /// The configuration of the BGP daemon; nil if the host is no router.
  var bgp: String? {
    switch self.host.role {
    case .node, .client: nil
    case .rackRouter:
      self.text(
        asn: AddressPlan.rackASN,
        neighbors: [
          "neighbor workers peer-group", "neighbor workers remote-as external", "neighbor workers passive",
          "neighbor workers bfd profile rack",
        ]
          + self.plan.nodes.flatMap { node in
            [node.address.description, node.address6.description].map { "neighbor \($0) peer-group workers" }
          } + self.neighbor(AddressPlan.routerUplink, asn: AddressPlan.routerASN),
        active: ["workers", AddressPlan.routerUplink.description])
    case .router:
      self.text(
        asn: AddressPlan.routerASN,
        neighbors: self.plan.rackRouters.compactMap(\.uplink).flatMap {
          self.neighbor($0, asn: AddressPlan.rackASN)
        },
        active: self.plan.rackRouters.compactMap(\.uplink).map(\.description))
    }
  }

  private func neighbor(_ address: IPv4Address, asn: Int) -> [String] {
    [
      "neighbor \(address) remote-as \(asn)", "neighbor \(address) bfd profile rack",
      "neighbor \(address) timers connect 1", "neighbor \(address) advertisement-interval 0",
    ]
  }

  private func text(asn: Int, neighbors: [String], active: [String]) -> String {
    var lines = [
      "hostname \(self.host.name)", "router bgp \(asn)", " bgp router-id \(self.host.address)",
      " no bgp ebgp-requires-policy", " no bgp default ipv4-unicast", " no bgp network import-check",
    ]
    lines += neighbors.map { " \($0)" }
    for family in ["ipv4", "ipv6"] {
      lines.append(" address-family \(family) unicast")
      lines += active.map { "  neighbor \($0) activate" }
      lines += ["  maximum-paths 64", " exit-address-family"]
    }
    return (lines + ["!"]).joined(separator: "\n")
  }
}
