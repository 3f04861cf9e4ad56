import CLinux
import Glibc
import Layer2
import Primitives

/// A raw socket for Router Solicitations and Advertisements, on all interfaces of the namespace (ipv6(7), icmp6(7)).
///
/// The kernel fills in and checks the checksum, and drops every other message before it wakes anybody. Nothing here waits.
final class RouterSocket: Sendable {
  let descriptor: Descriptor

  /// Where a message came from, and how.
  struct Origin {
    let source: IPv6Address
    let interface: Int
    let hopLimit: UInt8
  }

  /// Opens a socket in the network namespace of the calling thread.
  init() throws(SystemError) {
    self.descriptor = try Descriptor(
      owning: socket(
        AF_INET6, Int32(SOCK_RAW.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), Int32(IPPROTO_ICMPV6)),
      "open a socket for router advertisements")
    try self.passOnlyRouters()
    let options: [(name: Int32, value: Int32)] = [
      (IPV6_RECVPKTINFO, 1), (IPV6_RECVHOPLIMIT, 1), (IPV6_MULTICAST_LOOP, 0),
      // RFC 4861 sections 4.1 and 4.2: receivers drop what has less.
      (IPV6_MULTICAST_HOPS, 255), (IPV6_UNICAST_HOPS, 255),
    ]
    for option in options {
      try self.descriptor.setOption(
        Int32(IPPROTO_IPV6), option.name, option.value, "configure a socket for router advertisements")
    }
  }

  /// Lets the two types pass (RFC 3542 section 3.2): a bit that is set blocks the type of its number.
  private func passOnlyRouters() throws(SystemError) {
    var filter = [UInt32](repeating: .max, count: 8)
    for type in [ND_ROUTER_SOLICIT, ND_ROUTER_ADVERT] { filter[Int(type) >> 5] &= ~(1 << UInt32(type & 31)) }
    let length = socklen_t(filter.count * MemoryLayout<UInt32>.size)
    guard setsockopt(self.descriptor.number, Int32(IPPROTO_ICMPV6), ICMP6_FILTER, &filter, length) == 0 else {
      throw SystemError("filter what a socket for router advertisements receives")
    }
  }

  /// Hears what is sent to all routers of a link; what is sent to all nodes every host hears.
  func join(_ interface: Int) throws(SystemError) {
    guard self.setMembership(IPV6_JOIN_GROUP, interface) == 0 || errno == EADDRINUSE else {
      throw SystemError("join the group of all routers on interface \(interface)")
    }
  }

  func leave(_ interface: Int) {
    // Fails only when the interface is gone, and the membership with it.
    _ = self.setMembership(IPV6_LEAVE_GROUP, interface)
  }

  private func setMembership(_ option: Int32, _ interface: Int) -> Int32 {
    var request = ipv6_mreq()
    request.ipv6mr_interface = UInt32(interface)
    withUnsafeMutableBytes(of: &request.ipv6mr_multiaddr) { $0.copyBytes(from: IPv6Address.allRouters.octets) }
    return setsockopt(
      self.descriptor.number, Int32(IPPROTO_IPV6), option, &request, socklen_t(MemoryLayout<ipv6_mreq>.size))
  }

  /// Sends to whom a message is for: questions to all routers of the link, answers to all nodes. The kernel chooses the
  /// interface's link-local address as the source.
  func send(_ message: RouterMessage, on interface: Int) throws(SystemError) {
    let group: IPv6Address =
      switch message {
      case .solicitation: .allRouters
      case .advertisement: .allNodes
      }
    let (bytes, destination) = (message.bytes, Endpoint(.v6(group), port: 0, scope: UInt32(interface)))
    let sent = destination.withSocketAddress { address, length in
      bytes.withUnsafeBytes {
        sendto(self.descriptor.number, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT), address, length)
      }
    }
    guard sent == bytes.count else { throw SystemError("send a router's message on interface \(interface)") }
  }

  enum Arrived {
    case message(RouterMessage, Origin)
    case malformed(RouterMessage.Malformed, Origin)
  }

  /// The next message; nil = there is none.
  func receive() throws(SystemError) -> Arrived? {
    while true {
      let arrived = try self.descriptor.receive("receive router advertisements") { bytes, origin -> Arrived? in
        guard case .v6(let source) = origin.source.address else { return nil }
        let origin = Origin(source: source, interface: Int(origin.interface), hopLimit: origin.hopLimit)
        do throws(RouterMessage.Malformed) {
          return .message(try RouterMessage(decoding: bytes), origin)
        } catch {
          return .malformed(error, origin)
        }
      }
      guard let arrived else { return nil }
      if let arrived { return arrived }
    }
  }
}
