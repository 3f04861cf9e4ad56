import Primitives

/// The nftables program of one node and one address family, as text for `nft -f -`.
///
///     prerouting, output ─▶ services ─▶ by address or node port
///                                        │ cluster address ─▶ svc-… ─▶ one of its ep-… ─▶ dnat
///                                        └ outside address ─▶ ext-… ─ policy Cluster: mark for masquerade, svc-…
///                                                                   └ policy Local: one of the local ep-…
///     forward, input, output (filter) ─▶ what nobody serves is refused, or dropped under policy Local
///     postrouting ─▶ masquerade what is marked
///
/// The whole table is replaced in one transaction; connections that are established keep their way.
struct Ruleset: Hashable {
  static let table = "metallb-lab"
  private static let mark = "0x4000"

  let family: IPFamily
  let podNetwork: String
  let ports: [ProxiedPort]

  private var ip: String { self.family == .ipv4 ? "ip" : "ip6" }
  private var addressType: String { self.family == .ipv4 ? "ipv4_addr" : "ipv6_addr" }
  private var loopback: String { self.family == .ipv4 ? "127.0.0.0/8" : "::1" }

  var text: String {
    var lines = [
      "table \(self.ip) \(Self.table) {}", "delete table \(self.ip) \(Self.table)",
      "table \(self.ip) \(Self.table) {",
    ]
    lines += self.backendChains() + self.serviceChains() + self.maps() + self.hooks()
    lines.append("}")
    return lines.joined(separator: "\n") + "\n"
  }

  private func hooks() -> [String] {
    [
      "  chain services {",
      "    \(self.ip) daddr . meta l4proto . th dport vmap @addresses",
      "    fib daddr type local \(self.ip) daddr != \(self.loopback) meta l4proto . th dport vmap @node-ports",
      "  }",
      "  chain refuse {",
      "    meta l4proto tcp reject with tcp reset",
      "    reject",
      "  }",
      "  chain unserved {",
      "    ct state new \(self.ip) daddr . meta l4proto . th dport vmap @unserved-addresses",
      "    ct state new fib daddr type local meta l4proto . th dport vmap @unserved-node-ports",
      "  }",
      "  chain prerouting { type nat hook prerouting priority dstnat; policy accept; jump services; }",
      "  chain output { type nat hook output priority -100; policy accept; jump services; }",
      "  chain postrouting {",
      "    type nat hook postrouting priority srcnat; policy accept;",
      "    meta mark & \(Self.mark) == \(Self.mark) masquerade",
      "    \(self.ip) saddr \(self.podNetwork) \(self.ip) daddr != \(self.podNetwork) masquerade",
      "  }",
      "  chain filter-input { type filter hook input priority filter; policy accept; jump unserved; }",
      "  chain filter-forward { type filter hook forward priority filter; policy accept; jump unserved; }",
      "  chain filter-output { type filter hook output priority filter; policy accept; jump unserved; }",
    ]
  }

  private func maps() -> [String] {
    var addresses = Elements()
    var nodePorts = Elements()
    var unservedAddresses = Elements()
    var unservedNodePorts = Elements()
    for port in self.ports {
      let internalBackends = port.keepsInternalTrafficLocal ? port.localBackends : port.backends
      for place in port.clusterAddresses {
        let key = "\(place.address) . \(port.transport) . \(place.port)"
        if internalBackends.isEmpty {
          unservedAddresses.add(key, "goto refuse")
        } else {
          addresses.add(key, "goto svc-\(port.name)")
        }
      }
      let refusal = self.refusal(of: port)
      for place in port.externalAddresses {
        let key = "\(place.address) . \(port.transport) . \(place.port)"
        if !port.backends.isEmpty { addresses.add(key, "goto ext-\(port.name)") }
        if let refusal { unservedAddresses.add(key, refusal) }
      }
      if let number = port.nodePort {
        let key = "\(port.transport) . \(number)"
        if !port.backends.isEmpty { nodePorts.add(key, "goto ext-\(port.name)") }
        if let refusal { unservedNodePorts.add(key, refusal) }
      }
    }
    let addressKey = "\(self.addressType) . inet_proto . inet_service"
    let portKey = "inet_proto . inet_service"
    return addresses.map(named: "addresses", of: addressKey)
      + nodePorts.map(named: "node-ports", of: portKey)
      + unservedAddresses.map(named: "unserved-addresses", of: addressKey)
      + unservedNodePorts.map(named: "unserved-node-ports", of: portKey)
  }

  /// What becomes of traffic from outside that no pod here may take.
  private func refusal(of port: ProxiedPort) -> String? {
    if port.backends.isEmpty { return "goto refuse" }
    return port.keepsExternalTrafficLocal && port.localBackends.isEmpty ? "drop" : nil
  }

  private func serviceChains() -> [String] {
    self.ports.filter { !$0.backends.isEmpty }.flatMap { port -> [String] in
      let inside = port.keepsInternalTrafficLocal ? port.localBackends : port.backends
      var lines = ["  chain svc-\(port.name) {"]
      if !inside.isEmpty { lines.append("    \(self.choice(of: inside, for: port))") }
      lines.append("  }")
      guard !port.externalAddresses.isEmpty || port.nodePort != nil else { return lines }
      lines.append("  chain ext-\(port.name) {")
      if port.keepsExternalTrafficLocal {
        // Pods and the node itself are inside: for them an outside address is a short cut to the Service.
        lines.append("    \(self.ip) saddr \(self.podNetwork) goto svc-\(port.name)")
        lines.append(
          "    fib saddr type local meta mark set meta mark or \(Self.mark) goto svc-\(port.name)")
        if !port.localBackends.isEmpty { lines.append("    \(self.choice(of: port.localBackends, for: port))") }
      } else {
        lines.append("    meta mark set meta mark or \(Self.mark) goto svc-\(port.name)")
      }
      return lines + ["  }"]
    }
  }

  /// Takes turns among the backends, or goes by the client's address.
  private func choice(of backends: [ProxiedPort.Backend], for port: ProxiedPort) -> String {
    let chains = backends.map { self.chainName(of: $0, transport: port.transport) }
    guard chains.count > 1 else { return "goto \(chains.first ?? "refuse")" }
    let turn = port.isSticky ? "jhash \(self.ip) saddr mod \(chains.count)" : "numgen inc mod \(chains.count)"
    let cases = chains.enumerated().map { "\($0.offset) : goto \($0.element)" }.joined(separator: ", ")
    return "\(turn) vmap { \(cases) }"
  }

  private func backendChains() -> [String] {
    var seen: Set<String> = []
    var lines: [String] = []
    for port in self.ports {
      for backend in port.backends {
        let name = self.chainName(of: backend, transport: port.transport)
        guard seen.insert(name).inserted else { continue }
        let target =
          self.family == .ipv4
          ? "\(backend.address):\(backend.port)" : "[\(backend.address)]:\(backend.port)"
        lines += [
          "  chain \(name) {",
          // A pod that reaches itself through its Service must see the answer come from the Service.
          "    \(self.ip) saddr \(backend.address) meta mark set meta mark or \(Self.mark)",
          "    meta l4proto \(port.transport) dnat to \(target)",
          "  }",
        ]
      }
    }
    return lines
  }

  private func chainName(of backend: ProxiedPort.Backend, transport: String) -> String {
    let address = backend.address.description.map { $0 == ":" ? "_" : String($0) }.joined()
    return "ep-\(address)/\(transport)/\(backend.port)"
  }

  /// The elements of a verdict map; the first of two equal keys wins, as two of them would void the transaction.
  private struct Elements {
    private var keys: Set<String> = []
    private var lines: [String] = []

    mutating func add(_ key: String, _ verdict: String) {
      if self.keys.insert(key).inserted { self.lines.append("      \(key) : \(verdict)") }
    }

    func map(named name: String, of key: String) -> [String] {
      let head = ["  map \(name) {", "    type \(key) : verdict"]
      guard !self.lines.isEmpty else { return head + ["  }"] }
      return head + ["    elements = {", self.lines.joined(separator: ",\n"), "    }", "  }"]
    }
  }
}
