import CLinux
import Glibc
import Layer2
import Primitives

/// A raw socket on one link, through which whole Ethernet frames of its family come and go (packet(7)).
///
/// Nothing here ever waits. A failed read or write is thrown and leaves the socket usable: `ENETDOWN` while the interface
/// is down, `ENXIO` once it is gone, `ENOBUFS` while its queue is full.
package final class PacketSocket: Sendable {
  /// What a socket receives before its filter looks at it.
  package enum EtherType: UInt16, Sendable {
    case ipv4 = 0x0800
    case arp = 0x0806
    case ipv6 = 0x86DD
  }

  /// Which frames the network device passes on.
  package enum Reception: Sendable, Hashable {
    /// Those to this machine, to everybody, and to groups that were joined.
    case ordinary
    /// All, for devices that lose what they should pass on: wireless ones do.
    case promiscuous
  }

  package let link: Link
  package let descriptor: Descriptor

  /// Opens a socket in the network namespace of the calling thread.
  ///
  /// It is created for no protocol and bound last, so that no frame is queued that the filter has not seen. By default it
  /// receives what neighbours of the link's family ask each other with.
  package init(
    on link: Link, receiving etherType: EtherType? = nil, filter: PacketFilter, reception: Reception = .ordinary
  ) throws(SystemError) {
    let name = "a packet socket on \(link.name)"
    self.link = link
    self.descriptor = try Descriptor(
      owning: socket(
        AF_PACKET, Int32(SOCK_RAW.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0), "open \(name)")
    try self.attach(filter)
    // Saves the filter the look at sent frames, which it drops as well; not known before Linux 4.20.
    try? self.descriptor.setOption(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1, "ignore sent frames of \(name)")
    // Room for a burst of a thousand questions. Without NET_ADMIN the system's limit stays in force.
    try? self.descriptor.setOption(SOL_SOCKET, SO_RCVBUFFORCE, Self.receiveBuffer, "enlarge the buffer of \(name)")
    var address = sockaddr_ll()
    address.sll_family = UInt16(AF_PACKET)
    address.sll_protocol = (etherType ?? (link.family == .ipv4 ? .arp : .ipv6)).rawValue.bigEndian
    address.sll_ifindex = Int32(link.index)
    let result = withUnsafePointer(to: address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(self.descriptor.number, $0, socklen_t(MemoryLayout<sockaddr_ll>.size))
      }
    }
    guard result == 0 else { throw SystemError("bind \(name)") }
    if reception == .promiscuous { try self.openDevice("hear everything with \(name)") }
  }

  /// The device goes back to what it was when the socket is closed.
  private func openDevice(_ what: String) throws(SystemError) {
    var request = packet_mreq()
    request.mr_ifindex = Int32(self.link.index)
    request.mr_type = UInt16(PACKET_MR_PROMISC)
    let result = setsockopt(
      self.descriptor.number, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &request,
      socklen_t(MemoryLayout<packet_mreq>.size))
    guard result == 0 else { throw SystemError(what) }
  }

  private static let receiveBuffer: Int32 = 1 << 20
  /// As much as is read of a frame. A solicitation has 86 bytes; one whose options make it longer than this is cut off and
  /// refused. Up to 1,024 bytes cost no allocation.
  static let longestFrame = 1024

  /// Replaces the filter; each frame meets the old one or the new one.
  package func attach(_ filter: PacketFilter) throws(SystemError) {
    try self.descriptor.attach(filter, "attach a filter of \(filter.program.count) steps on \(self.link.name)")
  }

  /// Shows the next frame to `body` and returns what it makes of it; nil if no frame is there.
  package func receive<Result>(_ body: (RawSpan) -> Result) throws(SystemError) -> Result? {
    let received = withUnsafeTemporaryAllocation(byteCount: Self.longestFrame, alignment: 8) {
      buffer -> Swift.Result<Result, SystemError>? in
      let count = recv(self.descriptor.number, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
      if count >= 0 {
        return .success(body(UnsafeRawBufferPointer(rebasing: buffer[..<count]).bytes))
      }
      return errno == EAGAIN || errno == EINTR ? nil : .failure(SystemError("receive from \(self.link.name)"))
    }
    return try received?.get()
  }

  /// Hands a frame to the interface.
  package func send(_ frame: [UInt8]) throws(SystemError) {
    let sent = frame.withUnsafeBytes {
      Glibc.send(self.descriptor.number, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT))
    }
    guard sent == frame.count else { throw SystemError("send on \(self.link.name)") }
  }
}
