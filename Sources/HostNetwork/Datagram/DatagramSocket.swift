import CLinux
import Glibc
import Primitives

/// A UDP socket whose user must know how far a datagram has come, and by which interface (udp(7), ip(7), ipv6(7)).
///
/// Nothing here ever waits. A failed read or write is thrown and leaves the socket usable.
package final class DatagramSocket: Sendable {
  package struct Settings: Sendable, Hashable {
    /// Where it is bound; port 0 = any that is free.
    package var local: Endpoint
    /// The interface or VRF that it is bound to.
    package var device: String?
    /// Of what is sent.
    package var hopLimit: UInt8
    /// Of what is sent: the whole octet of differentiated services and congestion notification.
    package var trafficClass: UInt8
    /// Whether the kernel is to drop what has passed a router (RFC 5082); what it drops wakes nobody.
    package var onlyFullHopLimit: Bool
    /// Whether the port may be one that other sockets have, on other devices or on none, if they share it at the moment.
    package var sharesPort: Bool

    package init(
      local: Endpoint, device: String? = nil, hopLimit: UInt8 = 64, trafficClass: UInt8 = 0,
      onlyFullHopLimit: Bool = false, sharesPort: Bool = false
    ) {
      self.local = local
      self.device = device
      self.hopLimit = hopLimit
      self.trafficClass = trafficClass
      self.onlyFullHopLimit = onlyFullHopLimit
      self.sharesPort = sharesPort
    }
  }

  /// Where a datagram came from, and how.
  package struct Origin: Sendable, Hashable {
    package let source: Endpoint
    /// The address that it was sent to.
    package let destination: IPAddress
    /// The index of the interface that it arrived on.
    package let interface: UInt32
    /// What was left of it on arrival.
    package let hopLimit: UInt8
  }

  package let settings: Settings
  package let descriptor: Descriptor

  /// Opens a socket in the network namespace of the calling thread.
  package init(_ settings: Settings) throws(SystemError) {
    let family = settings.local.address.family
    self.settings = settings
    self.descriptor = try Descriptor(
      owning: socket(
        family == .ipv4 ? AF_INET : AF_INET6,
        Int32(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), Int32(IPPROTO_UDP)),
      "open a socket for \(settings.local)")
    try self.configure(for: family)
    if let device = settings.device { try self.descriptor.bind(toDevice: device) }
    if settings.sharesPort { try self.sharePort(true) }
    // Before it is bound: nothing must be queued that the filter has not seen.
    if settings.onlyFullHopLimit {
      try self.descriptor.attach(.fullHopLimit(of: family), "filter what arrives at \(settings.local)")
    }
    guard settings.local.withSocketAddress({ bind(self.descriptor.number, $0, $1) }) == 0 else {
      throw SystemError("bind a socket to \(settings.local)\(settings.device.map { " on \($0)" } ?? "")")
    }
    if settings.sharesPort { try self.sharePort(false) }
  }

  private func configure(for family: IPFamily) throws(SystemError) {
    let options: [(level: Int, name: Int32, value: Int32)] =
      switch family {
      case .ipv4:
        [
          (IPPROTO_IP, IP_PKTINFO, 1), (IPPROTO_IP, IP_RECVTTL, 1),
          (IPPROTO_IP, IP_TTL, Int32(self.settings.hopLimit)), (IPPROTO_IP, IP_TOS, Int32(self.settings.trafficClass)),
        ]
      case .ipv6:
        [
          (IPPROTO_IPV6, IPV6_V6ONLY, 1), (IPPROTO_IPV6, IPV6_RECVPKTINFO, 1), (IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1),
          (IPPROTO_IPV6, IPV6_UNICAST_HOPS, Int32(self.settings.hopLimit)),
          (IPPROTO_IPV6, IPV6_TCLASS, Int32(self.settings.trafficClass)),
        ]
      }
    for option in options {
      try self.descriptor.setOption(
        Int32(option.level), option.name, option.value, "configure a socket for \(self.settings.local)")
    }
  }

  /// Whether sockets with `sharesPort` may have the port as well (socket(7), SO_REUSEADDR): true while one of them is opened,
  /// and no longer, as the port would be anybody's. The kernel tells by the device whom a datagram is for, but lets sockets
  /// have the same port by themselves only where all of them have one.
  package func sharePort(_ isShared: Bool) throws(SystemError) {
    try self.descriptor.setOption(
      SOL_SOCKET, SO_REUSEADDR, isShared ? 1 : 0, "share the port of \(self.settings.local)")
  }

  package func send(_ bytes: [UInt8], to destination: Endpoint) throws(SystemError) {
    let sent = destination.withSocketAddress { address, length in
      bytes.withUnsafeBytes {
        sendto(self.descriptor.number, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT), address, length)
      }
    }
    guard sent == bytes.count else { throw SystemError("send to \(destination)") }
  }

  /// Shows the next datagram to `body` and returns what it makes of it; nil if none is there.
  package func receive<Result>(_ body: (RawSpan, Origin) -> Result) throws(SystemError) -> Result? {
    try self.descriptor.receive("receive at \(self.settings.local)", body)
  }
}

extension Descriptor {
  /// Longer than any datagram that is of use here; what is longer is cut.
  private static let longestDatagram = 1024
  /// Room for what the kernel tells about a datagram.
  private static let controlLength = 128

  /// Shows the next datagram of a socket to `body` and returns what it makes of it; nil if none is there.
  func receive<Result>(
    _ operation: @autoclosure () -> String, _ body: (RawSpan, DatagramSocket.Origin) -> Result
  ) throws(SystemError) -> Result? {
    let received = withUnsafeTemporaryAllocation(byteCount: Self.longestDatagram + Self.controlLength, alignment: 16) {
      buffer -> Swift.Result<Result, SystemError>? in
      let payload = UnsafeMutableRawBufferPointer(rebasing: buffer[..<Self.longestDatagram])
      let control = UnsafeMutableRawBufferPointer(rebasing: buffer[Self.longestDatagram...])
      while true {
        var source = sockaddr_storage()
        var message = msghdr()
        var vector = iovec(iov_base: payload.baseAddress, iov_len: payload.count)
        let count = withUnsafeMutablePointer(to: &source) { source in
          withUnsafeMutablePointer(to: &vector) { vector in
            message.msg_name = UnsafeMutableRawPointer(source)
            message.msg_namelen = socklen_t(MemoryLayout<sockaddr_storage>.size)
            message.msg_iov = vector
            message.msg_iovlen = 1
            message.msg_control = control.baseAddress
            message.msg_controllen = control.count
            return recvmsg(self.number, &message, Int32(MSG_DONTWAIT))
          }
        }
        guard count >= 0 else {
          if errno == EINTR { continue }
          return errno == EAGAIN ? nil : .failure(SystemError(operation()))
        }
        let told = UnsafeRawBufferPointer(rebasing: control[..<min(message.msg_controllen, control.count)])
        // The socket's options make the kernel tell; a datagram of which it does not is of no use.
        guard let origin = DatagramSocket.Origin(source, told) else { continue }
        return .success(body(UnsafeRawBufferPointer(rebasing: payload[..<count]).bytes, origin))
      }
    }
    return try received?.get()
  }
}

extension DatagramSocket.Origin {
  /// Reads the ancillary data of a datagram (cmsg(3)): headers of 16 octets, each with data that is padded to eight.
  fileprivate init?(_ source: sockaddr_storage, _ control: UnsafeRawBufferPointer) {
    guard let source = Endpoint(source) else { return nil }
    var arrival: (destination: IPAddress, interface: UInt32)?
    var hopLimit: Int32?
    var offset = 0
    let headerLength = MemoryLayout<cmsghdr>.size
    while control.count - offset >= headerLength {
      let header = control.loadUnaligned(fromByteOffset: offset, as: cmsghdr.self)
      let length = Int(header.cmsg_len)
      guard length >= headerLength, length <= control.count - offset else { break }
      let data = UnsafeRawBufferPointer(rebasing: control[offset + headerLength..<offset + length])
      switch (Int(header.cmsg_level), header.cmsg_type) {
      case (IPPROTO_IP, IP_PKTINFO) where data.count >= MemoryLayout<in_pktinfo>.size:
        let information = data.loadUnaligned(as: in_pktinfo.self)
        arrival = (
          .v4(IPv4Address(bits: UInt32(bigEndian: information.ipi_addr.s_addr))), UInt32(information.ipi_ifindex)
        )
      case (IPPROTO_IPV6, IPV6_PKTINFO) where data.count >= 20:
        // struct in6_pktinfo: the address, and the index of the interface.
        let bits = data.loadUnaligned(as: UInt128.self)
        arrival = (
          .v6(IPv6Address(bits: UInt128(bigEndian: bits))), data.loadUnaligned(fromByteOffset: 16, as: UInt32.self)
        )
      case (IPPROTO_IP, IP_TTL) where data.count >= 4, (IPPROTO_IPV6, IPV6_HOPLIMIT) where data.count >= 4:
        hopLimit = data.loadUnaligned(as: Int32.self)
      default: break
      }
      offset += (length + 7) & ~7
    }
    guard let arrival, let hopLimit else { return nil }
    self.source = source
    self.destination = arrival.destination
    self.interface = arrival.interface
    self.hopLimit = UInt8(clamping: hopLimit)
  }
}
