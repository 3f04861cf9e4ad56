import CLinux
import Glibc
import Layer2
import Primitives

/// The memberships of one interface in multicast groups, for which the kernel wants a socket (RFC 3493 section 5.2).
///
/// Joining makes the network device pass the group's frames, and has the kernel report the membership to switches and
/// routers that listen for it (MLD). A socket has room for some 2,300 memberships (`net.core.optmem_max`), so another one
/// is opened when all are full.
struct GroupSockets {
  private let link: Link
  private var sockets: [Descriptor] = []
  /// The place of each group among the sockets.
  private var seats: [IPv6Address: Int] = [:]

  init(on link: Link) {
    self.link = link
  }

  var groups: Set<IPv6Address> { Set(self.seats.keys) }

  /// Becomes a member, in the network namespace that the calling thread is in; joining twice is once.
  mutating func join(_ group: IPv6Address) throws(SystemError) {
    guard self.seats[group] == nil else { return }
    for index in self.sockets.indices.reversed() where try self.join(group, with: self.sockets[index]) {
      self.seats[group] = index
      return
    }
    let fresh = try Descriptor(
      owning: socket(AF_INET6, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0),
      "open a socket for groups on \(self.link.name)")
    guard try self.join(group, with: fresh) else {
      throw SystemError("join \(group) on \(self.link.name)", code: ENOBUFS)
    }
    self.sockets.append(fresh)
    self.seats[group] = self.sockets.count - 1
  }

  mutating func leave(_ group: IPv6Address) {
    guard let seat = self.seats.removeValue(forKey: group) else { return }
    // Fails only when the interface is gone, and the membership with it.
    _ = self.set(IPV6_LEAVE_GROUP, group, on: self.sockets[seat])
  }

  /// False if the socket is full.
  private func join(_ group: IPv6Address, with socket: Descriptor) throws(SystemError) -> Bool {
    if self.set(IPV6_JOIN_GROUP, group, on: socket) == 0 { return true }
    guard errno == ENOBUFS || errno == ENOMEM else { throw SystemError("join \(group) on \(self.link.name)") }
    return false
  }

  private func set(_ option: Int32, _ group: IPv6Address, on socket: Descriptor) -> Int32 {
    var request = ipv6_mreq()
    request.ipv6mr_interface = UInt32(self.link.index)
    withUnsafeMutableBytes(of: &request.ipv6mr_multiaddr) { $0.copyBytes(from: group.octets) }
    return setsockopt(
      socket.number, Int32(IPPROTO_IPV6), option, &request, socklen_t(MemoryLayout<ipv6_mreq>.size))
  }
}
