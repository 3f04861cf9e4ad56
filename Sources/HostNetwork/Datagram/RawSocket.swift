import CLinux
import Glibc
import Primitives

/// A raw socket through which whole IP datagrams leave, headers and all, by one interface (raw(7)).
///
/// What a datagram says of its destination, and to which neighbour it is handed, are two things: an Echo packet is addressed
/// to ourselves and handed to the router that is to bring it back.
package final class RawSocket: Sendable {
  private let descriptor: Descriptor
  private let device: String

  /// Opens a socket in the network namespace of the calling thread.
  package init(_ family: IPFamily, on device: String) throws(SystemError) {
    self.device = device
    self.descriptor = try Descriptor(
      owning: socket(
        family == .ipv4 ? AF_INET : AF_INET6,
        Int32(SOCK_RAW.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), Int32(IPPROTO_RAW)),
      "open a raw socket on \(device)")
    try self.descriptor.bind(toDevice: device)
  }

  /// Hands a datagram to a neighbour.
  package func send(_ datagram: [UInt8], by neighbor: Endpoint) throws(SystemError) {
    // The port of a raw socket is the protocol, which the header tells already.
    var neighbor = neighbor
    neighbor.port = 0
    let sent = neighbor.withSocketAddress { address, length in
      datagram.withUnsafeBytes {
        sendto(self.descriptor.number, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT), address, length)
      }
    }
    guard sent == datagram.count else { throw SystemError("send a datagram by \(neighbor.address) on \(self.device)") }
  }
}
