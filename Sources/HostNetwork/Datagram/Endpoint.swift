import Glibc
import Primitives

/// An address and port of the Internet protocols, as sockets take and give it.
package struct Endpoint: Sendable, Hashable {
  package var address: IPAddress
  package var port: UInt16
  /// The index of the interface that a link-local address is meant on; 0 otherwise.
  package var scope: UInt32

  package init(_ address: IPAddress, port: UInt16, scope: UInt32 = 0) {
    self.address = address
    self.port = port
    self.scope = scope
  }

  /// Every address of a family.
  package static func any(_ family: IPFamily, port: UInt16) -> Endpoint {
    switch family {
    case .ipv4: Endpoint(.v4(IPv4Address(bits: 0)), port: port)
    case .ipv6: Endpoint(.v6(IPv6Address(bits: 0)), port: port)
    }
  }

  /// Shows it to a system call.
  func withSocketAddress<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    switch self.address {
    case .v4(let address):
      var storage = sockaddr_in()
      storage.sin_family = sa_family_t(AF_INET)
      storage.sin_port = self.port.bigEndian
      storage.sin_addr.s_addr = address.bits.bigEndian
      return Self.show(storage, body)
    case .v6(let address):
      var storage = sockaddr_in6()
      storage.sin6_family = sa_family_t(AF_INET6)
      storage.sin6_port = self.port.bigEndian
      storage.sin6_scope_id = self.scope
      withUnsafeMutableBytes(of: &storage.sin6_addr) { $0.storeBytes(of: address.bits.bigEndian, as: UInt128.self) }
      return Self.show(storage, body)
    }
  }

  private static func show<Storage, Result>(
    _ storage: Storage, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
  ) -> Result {
    withUnsafePointer(to: storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<Storage>.size))
      }
    }
  }

  /// Reads what a system call wrote; nil = another kind of address.
  init?(_ storage: sockaddr_storage) {
    let endpoint = withUnsafeBytes(of: storage) { bytes -> Endpoint? in
      switch Int32(storage.ss_family) {
      case AF_INET:
        let address = bytes.loadUnaligned(as: sockaddr_in.self)
        return Endpoint(
          .v4(IPv4Address(bits: UInt32(bigEndian: address.sin_addr.s_addr))), port: UInt16(bigEndian: address.sin_port))
      case AF_INET6:
        let address = bytes.loadUnaligned(as: sockaddr_in6.self)
        let bits = withUnsafeBytes(of: address.sin6_addr) { $0.loadUnaligned(as: UInt128.self) }
        return Endpoint(
          .v6(IPv6Address(bits: UInt128(bigEndian: bits))), port: UInt16(bigEndian: address.sin6_port),
          scope: address.sin6_scope_id)
      default:
        return nil
      }
    }
    guard let endpoint else { return nil }
    self = endpoint
  }
}

extension Endpoint: CustomStringConvertible {
  package var description: String {
    switch self.address {
    case .v4(let address): "\(address):\(self.port)"
    case .v6(let address): "[\(address)]:\(self.port)"
    }
  }
}
