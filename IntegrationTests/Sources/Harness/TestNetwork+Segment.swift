import Synchronization

/// A segment of a test's network: a bridge that forwards at once and floods multicast.
package struct NetworkSegment: Sendable {
  package let name: String
  let namespace: NetworkNamespace

  static let bridge = "bridge"

  /// Gives the host an interface with these addresses (`198.18.1.1/24`, `2001:db8:1::1/64`) and plugs it in.
  ///
  /// The interface is named, or the next of `eth0`, `eth1`, ... Every interface has its link-local address as well.
  @discardableResult
  package func plug(_ host: NetworkHost, _ addresses: String..., interface: String? = nil) async throws -> NetworkPort {
    let name = try await self.interface(of: host, named: interface)
    let port = NetworkPort(name: "p\(Workspace.current.newNumber())", segment: self, host: host, interface: name)
    try await self.namespace.ip(
      "link add \(port.name) type veth peer name \(name) netns \(host.namespace.name)",
      "link set \(port.name) master \(Self.bridge)", "link set \(port.name) up")
    for address in addresses {
      try await host.ip("address add \(address) dev \(name)\(address.contains(":") ? " nodad" : "")")
    }
    try await host.ip("link set \(name) up")
    // The bridge forwards when its own end of the cable has a carrier, which may be later than the host's.
    for (namespace, device) in [(host.namespace, name), (self.namespace, port.name)] {
      try await eventually("\(device) of \(namespace.name) carries", every: .milliseconds(10)) {
        try await run(["ip", "-n", namespace.name, "-brief", "link", "show", "dev", device]).expectSuccess()
      } isRight: {
        $0.contains(" UP ")
      }
    }
    return port
  }

  private func interface(of host: NetworkHost, named name: String?) async throws -> String {
    if let name { return name }
    let links = try await run(["ip", "-n", host.namespace.name, "-brief", "link", "show"]).expectSuccess()
    let taken = Set(links.split(separator: "\n").map { String($0.prefix { $0 != " " && $0 != "@" }) })
    return (0...).lazy.map { "eth\($0)" }.first { !taken.contains($0) } ?? "eth0"
  }
}

/// The place where one interface of a host is plugged into a segment.
package struct NetworkPort: Sendable {
  /// The segment's end of the cable, in the segment's namespace.
  let name: String
  package let segment: NetworkSegment
  package let host: NetworkHost
  /// The host's end of the cable.
  package let interface: String

  /// Takes the cable out: the host's interface loses its carrier; other hosts of the segment notice nothing but silence.
  package func cut() async throws {
    try await self.segment.namespace.ip("link set \(self.name) down")
  }

  /// Drops everything in both directions, and nobody loses the carrier: a path that fails somewhere behind a switch.
  package func silence() async throws {
    try await self.segment.namespace.ip("link set \(self.name) nomaster")
  }

  /// Undoes `cut` and `silence`. It can take the kernel a second to see the carrier again.
  package func heal() async throws {
    try await self.segment.namespace.ip(
      "link set \(self.name) master \(NetworkSegment.bridge)", "link set \(self.name) up")
  }

  /// Loses this share of the packets in each direction, in per cent: a bad line. 0 makes it a good one again.
  package func lose(percent: Int) async throws {
    for (namespace, device) in [(self.segment.namespace, self.name), (self.host.namespace, self.interface)] {
      let ruleset = """
        table netdev \(device) {}
        delete table netdev \(device)
        table netdev \(device) {
          chain loss {
            type filter hook ingress device \(device) priority 0
            \(percent < 100 ? "numgen random mod 100 < \(percent)" : "") drop
          }
        }

        """
      _ = try await run(["ip", "netns", "exec", namespace.name, "nft", "-f", "-"], input: ruleset).expectSuccess()
    }
  }

  /// The hardware address of the host's end.
  package func hardwareAddress() async throws -> String {
    try await self.host.run("cat", "/sys/class/net/\(self.interface)/address").expectSuccess()
  }

  /// The IPv6 link-local address of the host's end.
  package func linkLocalAddress() async throws -> String {
    let line = try await self.host.run(
      "ip", "-brief", "-6", "address", "show", "dev", self.interface, "scope", "link"
    ).expectSuccess()
    guard let address = line.split(separator: " ").first(where: { $0.hasPrefix("fe80:") }) else {
      throw HarnessError.notReady("no link-local address in: \(line)")
    }
    return String(address.prefix { $0 != "/" })
  }
}
