import Layer2
import Primitives

/// Frames from the local network, and the messages of routers on it.
enum NeighbourFuzzing {
  private static let link = Link(
    index: 1, name: "eth0", family: .ipv4, hardwareAddress: MACAddress(bits: 0x0200_0000_0001))
  private static let link6 = Link(
    index: 1, name: "eth0", family: .ipv6, hardwareAddress: MACAddress(bits: 0x0200_0000_0001))

  private static let responder: Responder = {
    var responder = Responder()
    responder.announce(.v4(IPv4Address(10, 0, 0, 1)), on: .all)
    responder.announce(.v6(IPv6Address(bits: 0x2001_0DB8 << 96 | 1)), on: .all)
    return responder
  }()

  @Sendable static func arp(_ input: [UInt8]) {
    guard let frame = LinkFrame(decoding: input.span.bytes, family: .ipv4) else { return }
    Self.check(frame, family: .ipv4, on: Self.link)
  }

  /// The first byte tells whether the checksum is mended, which no fuzzer would find by itself.
  @Sendable static func ndp(_ input: [UInt8]) {
    guard let first = input.first else { return }
    var bytes = Array(input.dropFirst())
    if first & 1 == 0 { Self.mendChecksum(of: &bytes) }
    guard let frame = LinkFrame(decoding: bytes.span.bytes, family: .ipv6) else { return }
    Self.check(frame, family: .ipv6, on: Self.link6)
  }

  /// What is read of a router's message says the same once it is written and read again.
  @Sendable static func routerDiscovery(_ input: [UInt8]) {
    guard let message = try? RouterMessage(decoding: input) else { return }
    let written = message.bytes
    expect((try? RouterMessage(decoding: written)) == message, "\(message) is not read as it was written")
    expect(written.count <= input.count, "\(message) has grown to \(written.count) bytes")
  }

  private static func check(_ frame: LinkFrame, family: IPFamily, on link: Link) {
    let written = frame.bytes
    expect(written.count <= 128, "a frame of \(written.count) bytes")
    expect(LinkFrame(decoding: written.span.bytes, family: family) == frame, "\(frame) is not read as it was written")
    _ = frame.claim
    guard case .reply(let reply, let address) = Self.responder.answer(frame, on: link) else { return }
    expect(address.family == family, "\(address) is answered for in another family")
    expect(reply.source == link.hardwareAddress, "the answer comes from \(reply.source)")
    expect(
      reply.claim == LinkFrame.Claim(address: address, holder: link.hardwareAddress), "the answer claims something else"
    )
    switch reply {
    case .arp(let reply): expect(!reply.destination.isMulticast, "the answer goes to everybody")
    case .neighbor(let reply):
      guard case .neighbor(let question) = frame else { return expect(false, "NDP answers ARP") }
      expect(reply.destination.isMulticast == (question.sender.bits == 0), "the answer goes to \(reply.destination)")
    }
    expect(LinkFrame(decoding: reply.bytes.span.bytes, family: family) == reply, "the answer cannot be read")
  }

  /// Puts the right checksum (RFC 4443 section 2.3) into an untagged or tagged frame with an ICMPv6 message.
  private static func mendChecksum(of frame: inout [UInt8]) {
    let packet = frame.count > 18 && frame[12] == 0x81 && frame[13] == 0 ? 18 : 14
    guard frame.count >= packet + 44 else { return }
    let length = Int(frame[packet + 4]) << 8 | Int(frame[packet + 5])
    guard length >= 4, frame.count >= packet + 40 + length else { return }
    frame[packet + 42] = 0
    frame[packet + 43] = 0
    var sum = length + 58
    for (index, byte) in frame[(packet + 8)..<(packet + 40 + length)].enumerated() {
      sum += index % 2 == 0 ? Int(byte) << 8 : Int(byte)
    }
    while sum >> 16 != 0 { sum = sum & 0xFFFF + sum >> 16 }
    frame[packet + 42] = UInt8(~sum >> 8 & 0xFF)
    frame[packet + 43] = UInt8(~sum & 0xFF)
  }
}
