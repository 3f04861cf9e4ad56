import BGP
import Layer2
import NIOCore
import Primitives
import Synchronization

/// The addresses of this node, as far as routes name them as next hops and sessions as identifiers.
final class NodeAddresses: Sendable {
  private let node: String
  private let interfaces = Mutex<[Interface]>([])

  init(node: String) {
    self.node = node
  }

  func change(_ interfaces: [Interface]) {
    self.interfaces.withLock { $0 = interfaces }
  }

  func interface(named name: String) -> Interface? {
    self.interfaces.withLock { $0.first { $0.name == name } }
  }

  /// Whether an address is there, on the interface that is named, or else on one of a VRF or of none: others may have the
  /// same one.
  func has(_ address: IPAddress?, on name: String? = nil, in vrf: String? = nil) -> Bool {
    let interfaces = self.interfaces.withLock { $0 }
    let vrfs = interfaces.vrfs
    return interfaces.contains { interface in
      (name.map { $0 == interface.name } ?? (vrfs[interface.index] == vrf))
        && interface.addresses.contains { $0.address == address }
    }
  }

  /// Our end of a connection to a router; nil = there is none, or no more.
  func endpoint(of channel: any Channel, to router: RouterAddress) -> ConnectionEndpoint? {
    guard let local = IPAddress(channel.localAddress), let remote = IPAddress(channel.remoteAddress) else { return nil }
    return self.endpoint(local: local, remote: remote, interface: router.interface, vrf: router.vrf)
  }

  /// Our end of a connection between two addresses in a VRF or in none, over an interface if it is known which.
  func endpoint(
    local: IPAddress, remote: IPAddress, interface name: String? = nil, vrf: String? = nil
  ) -> ConnectionEndpoint {
    let interfaces = self.interfaces.withLock { $0 }
    // Several interfaces may have the same link-local address.
    let eligible = name.map { name in interfaces.filter { $0.name == name } } ?? interfaces.membersFirst(of: vrf)
    return ConnectionEndpoint(local: local, remote: remote, among: eligible, node: self.node)
  }
}

extension [Interface] {
  /// Those of a VRF, or of none, before all others: each VRF may have the same addresses.
  fileprivate func membersFirst(of vrf: String?) -> [Interface] {
    let vrfs = self.vrfs
    guard !vrfs.isEmpty else { return self }
    return self.filter { vrfs[$0.index] == vrf } + self.filter { vrfs[$0.index] != vrf }
  }
}

extension ConnectionEndpoint {
  /// Looks the interface up that has the local address. A router outside its networks is not on the link, so a link-local
  /// next hop would be of no use to it.
  init(local: IPAddress, remote: IPAddress, among interfaces: [Interface], node: String) {
    let interface = interfaces.first { $0.addresses.contains { $0.address == local } }
    let addresses = interface?.addresses ?? []
    let ipv4 = addresses.lazy.compactMap(\.ipv4).first
    let isOnLink = addresses.contains { address in
      IPPrefix(address.address, length: address.prefixLength)?.contains(remote) == true
    }
    self.init(
      local: local, ipv4: ipv4, ipv6: addresses.lazy.compactMap(\.globalIPv6).first,
      linkLocal: isOnLink ? addresses.lazy.compactMap(\.linkLocalIPv6).first : nil,
      routerID: RouterID.standard(local: local, interface: ipv4, node: node))
  }
}

extension Interface.Address {
  fileprivate var ipv4: IPv4Address? {
    guard case .v4(let address) = self.address else { return nil }
    return address
  }

  fileprivate var globalIPv6: IPv6Address? {
    guard case .v6(let address) = self.address, !address.isLinkLocal else { return nil }
    return address
  }

  fileprivate var linkLocalIPv6: IPv6Address? {
    guard case .v6(let address) = self.address, address.isLinkLocal else { return nil }
    return address
  }
}

extension IPAddress {
  /// An address of a socket, without its port and zone; nil for what is not IP.
  init?(_ address: SocketAddress?) {
    switch address {
    case .v4(let address): self = .v4(IPv4Address(bits: UInt32(bigEndian: address.address.sin_addr.s_addr)))
    case .v6(let address):
      guard let address = withUnsafeBytes(of: address.address.sin6_addr, { IPv6Address(octets: $0) }) else {
        return nil
      }
      self = .v6(address)
    case .unixDomainSocket, nil: return nil
    }
  }
}
