import Primitives

/// Who has which name and address in one lab.
///
/// The lab's wire is a bridge in a network namespace of its own (the fabric), so several labs use the same addresses
/// side by side. The addresses come from 198.18.0.0/15, kept for the testing of network equipment (RFC 2544), so that
/// no pool of any walkthrough collides with a node, and from 2001:2::/48, kept for the same (RFC 5180); both are written
/// alike, 198.18.0.12 and 2001:2::12. Everything else is on-link for client and nodes, see `Topology`; a lab whose rack has
/// routers is in `AddressPlan+Rack.swift`.
package struct AddressPlan: Sendable, Hashable {
  package static let maximumNodes = 50
  package static let network = "198.18.0.0/24"
  package static let prefixLength = 24
  package static let prefixLength6 = 64
  /// The API server as the nodes see it: the bridge's own address.
  package static let controlPlane = IPv4Address(198, 18, 0, 1)
  package static let controlPlanePort = 6443
  /// Where nodes say that they live.
  package static let heartbeatPort = 6444
  package static let client = IPv4Address(198, 18, 0, 100)
  package static let router = IPv4Address(198, 18, 0, 254)
  package static let podNetwork = "10.244.0.0/16"
  package static let podNetwork6 = "fd00:10:244::/48"
  /// One for each family that Services can have, the primary one first.
  package static let serviceNetworks = ["10.96.0.0/12", "fd00:10:96::/112"]

  /// The IPv6 address of the machine that has an IPv4 address: the last two numbers as they are written there, the first of
  /// them being that of the network.
  package static func address6(of address: IPv4Address) -> IPv6Address {
    IPv6Address(
      bits: 0x2001_0002 << 96 | Self.sameDigits(address.octets[2]) << 64 | Self.sameDigits(address.octets[3]))
  }

  /// The number whose hexadecimal digits are the decimal ones of another.
  private static func sameDigits(_ number: UInt8) -> UInt128 {
    UInt128(number / 100) << 8 | UInt128(number / 10 % 10) << 4 | UInt128(number % 10)
  }

  /// The name of the lab; labs of different names run side by side.
  package let lab: String
  package let nodeCount: Int
  /// How many routers the rack has; none = everybody is on one wire.
  package let rackRouterCount: Int

  /// Nil unless the name is 1 to 20 lower-case letters, digits and inner dashes, 1...50 nodes are asked for, and no more than
  /// four routers.
  package init?(lab: String, nodeCount: Int, rackRouterCount: Int = 0) {
    guard Self.isLabName(lab), (1...Self.maximumNodes).contains(nodeCount),
      (0...Self.maximumRackRouters).contains(rackRouterCount)
    else { return nil }
    self.lab = lab
    self.nodeCount = nodeCount
    self.rackRouterCount = rackRouterCount
  }

  package static func isLabName(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    func isInner(_ byte: UInt8) -> Bool {
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        || byte == UInt8(ascii: "-")
    }
    return (1...20).contains(bytes.count) && bytes.allSatisfy(isInner) && bytes.first != UInt8(ascii: "-")
      && bytes.last != UInt8(ascii: "-")
  }

  /// One machine on the wire.
  package struct Host: Sendable, Hashable {
    package enum Role: Sendable, Hashable { case node, client, router, rackRouter }

    package let name: String
    package let role: Role
    package let address: IPv4Address
    /// The name of the network namespace.
    package let namespace: String
    /// The addresses of the node's pods; nil for what is no node.
    package var podNetwork: IPPrefix?
    package var podNetwork6: IPPrefix?
    /// The address on the wire behind the rack; nil for those that are not on it.
    package var uplink: IPv4Address?

    package var address6: IPv6Address { AddressPlan.address6(of: self.address) }

    /// The IPv6 address of the pod that has an IPv4 address on this node.
    package func podAddress6(of address: IPv4Address) -> IPv6Address? {
      self.podNetwork6.map { IPv6Address(bits: $0.address.bits | AddressPlan.sameDigits(address.octets[3])) }
    }

    package var namespacePath: String { "/run/netns/\(self.namespace)" }

    /// The namespace of a pod of this node, and what those of all its pods begin with.
    package func podNamespace(lab: String, address: IPv4Address) -> String {
      "\(self.podNamespacePrefix(in: lab))\(address.octets[3])"
    }

    package func podNamespacePrefix(in lab: String) -> String { "metallb.\(lab).pod-\(self.name)-" }
  }

  package var nodes: [Host] {
    (1...self.nodeCount).map { number in
      let network = IPv4Address(10, 244, UInt8(number), 0)
      return Host(
        name: "node-\(number)", role: .node, address: IPv4Address(198, 18, 0, 10 + UInt8(number)),
        namespace: self.namespace("node-\(number)"), podNetwork: IPPrefix(.v4(network), length: 24),
        podNetwork6: IPPrefix("fd00:10:244:\(number)::/64"))
    }
  }

  package var outsiders: [Host] {
    [
      Host(
        name: "client", role: .client, address: self.hasRack ? Self.distantClient : Self.client,
        namespace: self.namespace("client")),
      Host(
        name: "router", role: .router, address: Self.router, namespace: self.namespace("router"),
        uplink: self.hasRack ? Self.routerUplink : nil),
    ]
  }

  package var hosts: [Host] { self.nodes + self.outsiders + self.rackRouters }

  package func host(_ name: String) -> Host? { self.hosts.first { $0.name == name } }

  /// The namespace that holds the bridge.
  package var fabric: String { self.namespace("fabric") }

  /// What every namespace of this lab begins with: the separator never occurs in a lab's name.
  package var namespacePrefix: String { "metallb.\(self.lab)." }

  package func namespace(_ host: String) -> String { self.namespacePrefix + host }
}
