import Glibc
import Primitives

/// The lab's network: namespaces for the nodes, a client and a router, joined by a bridge in a namespace of its own.
///
///     fabric:  br0 198.18.0.1/24 ── node-1 ┄ eth0 (node-1) ── veth… ┄ eth0 (pod)
///                                ├─ node-2 ┄ eth0 (node-2)
///                                ├─ client ┄ eth0 (client)
///                                └─ router ┄ eth0 (router)
///
/// Client and nodes have a default route that is on-link: they ask by ARP, or by Neighbor Discovery, for any address that
/// nobody told them about, so the addresses of every pool are reachable whatever they are, and it is the speakers' answer alone that attracts
/// the traffic. No load-balancer address is ever bound to an interface. Where the rack has routers, see
/// `Topology+Rack.swift`.
package struct Topology: Sendable {
  package let plan: AddressPlan

  package init(plan: AddressPlan) {
    self.plan = plan
  }

  package func build() async throws {
    for name in [self.plan.fabric] + self.plan.hosts.map(\.namespace) {
      try await Tool.run(["ip", "netns", "add", name])
    }
    try await self.batch(in: self.plan.fabric, Self.fabricCommands(self.plan))
    for name in [self.plan.fabric] + self.plan.hosts.map(\.namespace) {
      try await NamespaceThread.run(in: "/run/netns/\(name)") { try KernelSetting.applyAll(KernelSetting.forHosts) }
    }
    for host in self.plan.hosts where host.uplink != nil {
      try await NamespaceThread.run(in: host.namespacePath) { try KernelSetting.applyAll(KernelSetting.forRouters) }
    }
    for host in self.plan.hosts {
      try await self.batch(in: host.namespace, Self.hostCommands(host, in: self.plan))
    }
  }

  /// Takes the cable out, or puts it back in. The host's own end loses its carrier, as on a real machine.
  package func setLink(of host: AddressPlan.Host, up: Bool) async throws {
    let cables = [host.name] + (host.uplink == nil ? [] : [host.uplinkCable])
    try await self.batch(in: self.plan.fabric, cables.map { "link set \($0) \(up ? "up" : "down")" })
  }

  /// Ends every process in the lab's namespaces and removes them; whatever is already gone is fine.
  package static func remove(lab: String) async throws {
    let prefix = "metallb.\(lab)."
    let namespaces = try await self.namespaces().filter { $0.hasPrefix(prefix) }
    for name in namespaces { await self.killProcesses(in: name) }
    for name in namespaces { _ = try? await Tool.run(["ip", "netns", "del", name]) }
  }

  /// Kills every process of a node and of its pods, as the loss of power does.
  package static func killProcesses(of host: AddressPlan.Host, pods prefix: String) async throws {
    let namespaces = try await self.namespaces().filter { $0 == host.namespace || $0.hasPrefix(prefix) }
    await withDiscardingTaskGroup { group in
      for name in namespaces { group.addTask { await self.killProcesses(in: name) } }
    }
  }

  private static func killProcesses(in namespace: String) async {
    let own = getpid()
    for pid in (try? await self.processes(in: namespace)) ?? [] where pid != own { kill(pid, SIGKILL) }
  }

  /// The names of all network namespaces of this machine that have one.
  package static func namespaces() async throws -> [String] {
    try await Tool.run(["ip", "netns", "list"]).split(separator: "\n").compactMap {
      $0.split(separator: " ").first.map(String.init)
    }
  }

  /// The processes that live in a namespace, whoever started them.
  package static func processes(in namespace: String) async throws -> [pid_t] {
    try await Tool.run(["ip", "netns", "pids", namespace]).split(separator: "\n").compactMap { pid_t($0) }
  }

  private func batch(in namespace: String, _ commands: [String]) async throws {
    try await Tool.run(["ip", "-n", namespace, "-batch", "-"], input: commands.joined(separator: "\n") + "\n")
  }

  static func fabricCommands(_ plan: AddressPlan) -> [String] {
    var commands = [
      "link set lo up",
      "link add br0 type bridge forward_delay 0",
      "address add \(AddressPlan.controlPlane)/\(AddressPlan.prefixLength) dev br0",
      "address add \(AddressPlan.address6(of: AddressPlan.controlPlane))/\(AddressPlan.prefixLength6) dev br0 nodad",
      "link set br0 up",
    ]
    for host in plan.hosts where !plan.isDistant(host) {
      commands.append("link add \(host.name) type veth peer name eth0 netns \(host.namespace)")
      commands.append("link set \(host.name) master br0")
      commands.append("link set \(host.name) up")
    }
    if plan.hasRack { commands += self.rackFabricCommands(plan) }
    // The API server calls webhooks in pods.
    for node in plan.nodes {
      if let network = node.podNetwork { commands.append("route add \(network) via \(node.address)") }
    }
    return commands
  }

  static func hostCommands(_ host: AddressPlan.Host, in plan: AddressPlan) -> [String] {
    var commands = ["link set lo up"] + self.addressCommands("eth0", host.address)
    if !plan.hasRack || host.role == .node || host.role == .router {
      commands += ["route add default dev eth0 scope link", "route add ::/0 dev eth0"]
    }
    if plan.hasRack { commands += self.rackHostCommands(host) }
    if host.role == .node {
      for other in plan.nodes where other != host {
        guard let network = other.podNetwork, let network6 = other.podNetwork6 else { continue }
        commands.append("route add \(network) via \(other.address)")
        commands.append("route add \(network6) via \(other.address6)")
      }
    }
    return commands
  }

  /// Gives an interface its addresses and takes it into service.
  static func addressCommands(_ interface: String, _ address: IPv4Address) -> [String] {
    [
      "address add \(address)/\(AddressPlan.prefixLength) dev \(interface)",
      "address add \(AddressPlan.address6(of: address))/\(AddressPlan.prefixLength6) dev \(interface) nodad",
      "link set \(interface) up",
    ]
  }
}
