import KubernetesModel
import Primitives

/// The network of one pod: a namespace of its own with an address of each family, routed by its node.
///
///     pod:  eth0 10.244.1.5/32, default via 169.254.1.1 ── veth5 :node, 10.244.1.5/32 dev veth5
///                fd00:10:244:1::5/128, via fe80::ecee:… ─┘        fd00:10:244:1::5 dev veth5
///
/// There is no bridge on the node, so every packet between pods passes the node's rules, as it must for Services. A
/// pod of the host network has its node's namespace and nothing of its own.
package struct PodSandbox: Sendable, Hashable {
  /// What the pod's gateway answers to, the same in every pod.
  private static let gateway = "169.254.1.1"
  private static let gatewayMAC = "ee:ee:ee:ee:ee:ee"
  /// What the node's end of the pair has by itself, made from its hardware address (RFC 4291 appendix A).
  private static let gateway6 = "fe80::ecee:eeff:feee:eeee"

  package let namespace: String
  package let address: IPv4Address
  package let address6: IPv6Address?
  private let nodeNamespace: String
  private let isOwn: Bool

  package var namespacePath: String { "/run/netns/\(self.namespace)" }

  /// The network of a pod of the host network.
  package init(onHost host: AddressPlan.Host) {
    self.namespace = host.namespace
    self.address = host.address
    self.address6 = host.address6
    self.nodeNamespace = host.namespace
    self.isOwn = false
  }

  package init(namespace: String, address: IPv4Address, on host: AddressPlan.Host) {
    self.namespace = namespace
    self.address = address
    self.address6 = host.podAddress6(of: address)
    self.nodeNamespace = host.namespace
    self.isOwn = true
  }

  /// As the pod's status lists them.
  var addresses: [String] { ["\(self.address)"] + (self.address6.map { ["\($0)"] } ?? []) }

  private var link: String { "veth\(self.address.octets[3])" }

  func build() async throws {
    guard self.isOwn else { return }
    try await Tool.run(["ip", "netns", "add", self.namespace])
    try await Tool.run(["ip", "-n", self.nodeNamespace, "-batch", "-"], input: Self.text(self.nodeCommands))
    try await NamespaceThread.run(in: self.namespacePath) { try KernelSetting.applyAll(KernelSetting.forPods) }
    try await Tool.run(["ip", "-n", self.namespace, "-batch", "-"], input: Self.text(self.podCommands))
  }

  /// Removes the namespace, and with it the pair of interfaces and the route.
  func remove() async {
    guard self.isOwn else { return }
    _ = try? await Tool.run(["ip", "-n", self.nodeNamespace, "link", "del", self.link])
    _ = try? await Tool.run(["ip", "netns", "del", self.namespace])
  }

  var nodeCommands: [String] {
    [
      "link add \(self.link) address \(Self.gatewayMAC) type veth peer name eth0 netns \(self.namespace)",
      "link set \(self.link) up",
      "route add \(self.address)/32 dev \(self.link)",
    ] + (self.address6.map { ["route add \($0)/128 dev \(self.link)"] } ?? [])
  }

  var podCommands: [String] {
    [
      "link set lo up",
      "address add \(self.address)/32 dev eth0",
      "link set eth0 up",
      "route add \(Self.gateway) dev eth0 scope link",
      "neighbour add \(Self.gateway) lladdr \(Self.gatewayMAC) dev eth0 nud permanent",
      "route add default via \(Self.gateway) dev eth0",
    ]
      + (self.address6.map { address in
        [
          "address add \(address)/128 dev eth0 nodad",
          "neighbour add \(Self.gateway6) lladdr \(Self.gatewayMAC) dev eth0 nud permanent",
          "route add ::/0 via \(Self.gateway6) dev eth0",
        ]
      } ?? [])
  }

  private static func text(_ commands: [String]) -> String { commands.joined(separator: "\n") + "\n" }
}

/// The pod addresses of one node that are taken.
package struct PodAddresses: Sendable, Hashable {
  private let network: IPv4Address
  private var taken: Set<UInt8> = []

  /// Hands out .2 to .254 of a network of 256 addresses.
  package init(network: IPv4Address) {
    self.network = network
  }

  package mutating func take() -> IPv4Address? {
    guard let last = (UInt8(2)...254).first(where: { !self.taken.contains($0) }) else { return nil }
    self.taken.insert(last)
    return IPv4Address(bits: self.network.bits & 0xFFFF_FF00 | UInt32(last))
  }

  package mutating func free(_ address: IPv4Address) {
    self.taken.remove(address.octets[3])
  }
}
