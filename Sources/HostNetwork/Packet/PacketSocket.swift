import CLinux
import Glibc
import Layer2
import Primitives

/// A raw socket on one link, through which whole Ethernet frames of its family come and go (packet(7)).
///
/// Nothing here ever waits. A failed read or write is thrown and leaves the socket usable: `ENETDOWN` while the interface
/// is down, `ENXIO` once it is gone, `ENOBUFS` while its queue is full.
package final class PacketSocket: Sendable {
  package let link: Link
  package let descriptor: Descriptor

  /// Opens a socket in the network namespace of the calling thread.
  ///
  /// It is created for no protocol and bound last, so that no frame is queued that the filter has not seen.
  package init(on link: Link, filter: PacketFilter) throws(SystemError) {
    let name = "a packet socket on \(link.name)"
    self.link = link
    self.descriptor = try Descriptor(
      owning: socket(
        AF_PACKET, Int32(SOCK_RAW.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0), "open \(name)")
    try self.attach(filter)
    try self.descriptor.setOption(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1, "ignore sent frames of \(name)")
    // Room for a burst of a thousand questions. Without NET_ADMIN the system's limit stays in force.
    try? self.descriptor.setOption(SOL_SOCKET, SO_RCVBUFFORCE, Self.receiveBuffer, "enlarge the buffer of \(name)")
    var address = sockaddr_ll()
    address.sll_family = UInt16(AF_PACKET)
    address.sll_protocol = UInt16(link.family == .ipv4 ? ETH_P_ARP : ETH_P_IPV6).bigEndian
    address.sll_ifindex = Int32(link.index)
    let result = withUnsafePointer(to: address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(self.descriptor.number, $0, socklen_t(MemoryLayout<sockaddr_ll>.size))
      }
    }
    guard result == 0 else { throw SystemError("bind \(name)") }
  }

  private static let receiveBuffer: Int32 = 1 << 20
  /// As much as is read of a frame. A solicitation has 86 bytes; one whose options make it longer than this is cut off and
  /// refused. Up to 1,024 bytes cost no allocation.
  static let longestFrame = 1024

  /// Replaces the filter; each frame meets the old one or the new one.
  package func attach(_ filter: PacketFilter) throws(SystemError) {
    var instructions = filter.program.map {
      sock_filter(code: $0.code, jt: $0.ifTrue, jf: $0.ifFalse, k: $0.operand)
    }
    let result = instructions.withUnsafeMutableBufferPointer { buffer in
      var program = sock_fprog(len: UInt16(buffer.count), filter: buffer.baseAddress)
      return setsockopt(
        self.descriptor.number, SOL_SOCKET, SO_ATTACH_FILTER, &program, socklen_t(MemoryLayout<sock_fprog>.size))
    }
    guard result == 0 else {
      throw SystemError("attach a filter of \(filter.program.count) steps on \(self.link.name)")
    }
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
