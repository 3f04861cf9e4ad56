import Glibc
import Layer2
import NIOCore
import Primitives
import Synchronization

/// Where the routers are of which only the interface is configured.
final class RouterDirectory: Sendable {
  private let findings = Mutex<[String: RouterDiscovery.Finding]>([:])

  /// Takes what has been found on an interface; returns what was known before.
  func change(_ interface: String, to finding: RouterDiscovery.Finding) -> RouterDiscovery.Finding {
    self.findings.withLock { $0.updateValue(finding, forKey: interface) } ?? .missing(.silence)
  }

  /// Where to connect to.
  func socketAddress(on interface: String, port: UInt16) throws(NoRouterYet) -> SocketAddress {
    switch self.findings.withLock({ $0[interface] }) {
    case .router(let router): SocketAddress(linkLocal: router.address, interface: router.interface, port: port)
    case .missing(let absence): throw NoRouterYet(interface: interface, absence: absence)
    case nil: throw NoRouterYet(interface: interface, absence: .silence)
    }
  }
}

/// Nobody has been heard at the other end of a link.
struct NoRouterYet: Error, CustomStringConvertible {
  let interface: String
  let absence: RouterDiscovery.Absence

  var description: String { "no router is known on interface \"\(self.interface)\": \(self.absence)" }
}

extension SocketAddress {
  /// An address that means something on one link only.
  init(linkLocal address: Primitives.IPv6Address, interface: Int, port: UInt16) {
    var storage = sockaddr_in6()
    storage.sin6_family = sa_family_t(AF_INET6)
    storage.sin6_port = port.bigEndian
    storage.sin6_scope_id = UInt32(truncatingIfNeeded: interface)
    withUnsafeMutableBytes(of: &storage.sin6_addr) { $0.storeBytes(of: address.bits.bigEndian, as: UInt128.self) }
    self.init(storage)
  }
}
