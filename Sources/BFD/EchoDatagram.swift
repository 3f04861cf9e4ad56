import Primitives

/// An Echo packet on its way: an IP datagram from ourselves to ourselves, which is handed to the neighbour and which its
/// forwarding brings back (RFC 5881 section 4). The neighbour's BFD has no part in it.
///
///     IPv4 or IPv6 header (TTL 255, source = destination = our address) | UDP, port 3785 | EchoPacket
///
/// The kernel builds no such datagram, and drops the one that comes back as forged; so both are done here.
package struct EchoDatagram: Sendable, Hashable {
  /// Ours.
  package var address: IPAddress
  package var packet: EchoPacket

  package init(_ packet: EchoPacket, address: IPAddress) {
    self.packet = packet
    self.address = address
  }

  package static let port: UInt16 = 3785
  private static let udp: UInt8 = 17
  private static let udpLength = 8 + EchoPacket.length
  /// Internetwork control (CS6).
  private static let trafficClass: UInt8 = 0xC0

  /// The datagram with its IP header.
  package var bytes: [UInt8] {
    var bytes = self.header
    let start = bytes.count
    bytes.append(half: Self.port)
    bytes.append(half: Self.port)
    bytes.append(half: UInt16(Self.udpLength))
    bytes.append(half: 0)
    bytes += self.packet.bytes
    let checksum = Self.checksum(self.pseudoHeader + bytes[start...])
    // Zero would mean that there is none (RFC 768, RFC 8200 section 8.1).
    bytes.store(half: checksum == 0 ? 0xFFFF : checksum, at: start + 6)
    return bytes
  }

  private var header: [UInt8] {
    switch self.address {
    case .v4(let address):
      var header: [UInt8] = [0x45, Self.trafficClass]
      header.append(half: UInt16(20 + Self.udpLength))
      header += [0, 0, 0, 0, 255, Self.udp, 0, 0]
      header += address.octets + address.octets
      header.store(half: Self.checksum(header), at: 10)
      return header
    case .v6(let address):
      var header: [UInt8] = [0x60 | Self.trafficClass >> 4, Self.trafficClass << 4, 0, 0]
      header.append(half: UInt16(Self.udpLength))
      return header + [Self.udp, 255] + address.octets + address.octets
    }
  }

  /// What the checksum covers of the IP header; the order of its fields makes no difference to a sum.
  private var pseudoHeader: [UInt8] {
    self.address.octets + self.address.octets + [0, Self.udp, 0, UInt8(Self.udpLength)]
  }

  /// The complement of the sum of all 16-bit words, with carries added in (RFC 1071).
  private static func checksum(_ bytes: some Sequence<UInt8>) -> UInt16 {
    var sum: UInt32 = 0
    var isHigh = true
    for byte in bytes {
      sum += isHigh ? UInt32(byte) << 8 : UInt32(byte)
      isHigh.toggle()
    }
    while sum >> 16 != 0 { sum = sum & 0xFFFF + sum >> 16 }
    return ~UInt16(truncatingIfNeeded: sum)
  }

  /// Reads a frame of Ethernet; nil = it is none of ours. The key in the packet tells what is genuine.
  package init?(frame: RawSpan) {
    let ethernetLength = 14
    guard frame.byteCount > ethernetLength else { return nil }
    let datagram = frame.extracting(droppingFirst: ethernetLength)
    let udpOffset: Int
    switch (frame.half(at: 12), datagram.octet(at: 0) >> 4) {
    case (0x0800, 4):
      udpOffset = Int(datagram.octet(at: 0) & 0x0F) * 4
      // Whole, not a fragment.
      guard udpOffset >= 20, datagram.byteCount >= udpOffset, datagram.octet(at: 9) == Self.udp,
        datagram.half(at: 6) & 0x3FFF == 0, datagram.word(at: 12) == datagram.word(at: 16)
      else { return nil }
      self.address = .v4(IPv4Address(bits: datagram.word(at: 12)))
    case (0x86DD, 6):
      udpOffset = 40
      guard datagram.byteCount >= udpOffset, datagram.octet(at: 6) == Self.udp,
        let address = IPv6Address(octets: (8..<24).map { datagram.octet(at: $0) }),
        (24..<40).allSatisfy({ datagram.octet(at: $0) == datagram.octet(at: $0 - 16) })
      else { return nil }
      self.address = .v6(address)
    default:
      return nil
    }
    guard datagram.byteCount >= udpOffset + 8, datagram.half(at: udpOffset + 2) == Self.port,
      let packet = EchoPacket(decoding: datagram.extracting(droppingFirst: udpOffset + 8))
    else { return nil }
    self.packet = packet
  }
}

extension RawSpan {
  /// A number in network order; the caller has checked that it is there.
  fileprivate func half(at offset: Int) -> UInt16 {
    UInt16(bigEndian: self.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self))
  }
}

extension [UInt8] {
  fileprivate mutating func append(half: UInt16) {
    self += [UInt8(half >> 8), UInt8(half & 0xFF)]
  }

  fileprivate mutating func store(half: UInt16, at offset: Int) {
    self[offset] = UInt8(half >> 8)
    self[offset + 1] = UInt8(half & 0xFF)
  }
}
