import Primitives
import TestKit
import Testing

@testable import Layer2

@Suite struct NeighborFrameTests {
  static let a = MACAddress(bits: 0x0200_0000_000A)
  static let b = MACAddress(bits: 0x0200_0000_000B)
  static let addressA = IPv6Address(bits: 0x2001_0DB8 << 96 | 0xA)
  static let addressB = IPv6Address(bits: 0x2001_0DB8 << 96 | 0xB)

  /// Frames as two Linux hosts exchange them, and what they say.
  static let pairs: [(hex: String, frame: NeighborFrame)] = [
    (
      """
      3333ff00000b 02000000000a 86dd 60000000 0020 3a ff 20010db800000000000000000000000a
      ff0200000000000000000001ff00000b 87 00 1c03 00000000 20010db800000000000000000000000b 0101 02000000000a
      """,
      NeighborFrame(
        destination: MACAddress(bits: 0x3333_FF00_000B), source: a, sender: addressA,
        receiver: addressB.solicitedNodeGroup, target: addressB, message: .solicitation(senderHardware: a))
    ),
    (
      """
      02000000000a 02000000000b 86dd 60000000 0020 3a ff 20010db800000000000000000000000b
      20010db800000000000000000000000a 88 00 8a4d 60000000 20010db800000000000000000000000b 0201 02000000000b
      """,
      NeighborFrame(
        destination: a, source: b, sender: addressB, receiver: addressA, target: addressB,
        message: .advertisement(.init(isSolicited: true, overrides: true, targetHardware: b)))
    ),
    (
      """
      333300000001 02000000000b 86dd 60000000 0020 3a ff 20010db800000000000000000000000b
      ff020000000000000000000000000001 88 00 f90c 20000000 20010db800000000000000000000000b 0201 02000000000b
      """,
      NeighborFrame(
        destination: MACAddress(bits: 0x3333_0000_0001), source: b, sender: addressB, receiver: .allNodes,
        target: addressB, message: .advertisement(.init(isSolicited: false, overrides: true, targetHardware: b)))
    ),
  ]

  /// A probe for duplicates as Linux sends it, with the nonce of RFC 7527.
  static let probe = """
    3333ff00000b 02000000000a 86dd 60000000 0020 3a ff 00000000000000000000000000000000
    ff0200000000000000000001ff00000b 87 00 bb3c 00000000 20010db800000000000000000000000b 0e01 2d94ccbc8942
    """

  @Test(arguments: pairs.indices) func `a frame is read and written in the same bytes`(index: Int) throws {
    let (hex, frame) = Self.pairs[index]
    #expect(try NeighborFrame(decoding: bytes(hex)) == frame)
    #expect(frame.bytes == bytes(hex))
  }

  @Test func `a tag is read and written`() throws {
    var frame = Self.pairs[0].frame
    frame.tag = VLANTag(control: 0x6007)
    #expect(try NeighborFrame(decoding: frame.bytes) == frame)
  }

  @Test func `a message without options is read and written`() throws {
    var frame = Self.pairs[1].frame
    frame.message = .advertisement(.init(isRouter: true, isSolicited: true, overrides: false, targetHardware: nil))
    #expect(try NeighborFrame(decoding: frame.bytes) == frame)
    frame.message = .solicitation(senderHardware: nil)
    #expect(try NeighborFrame(decoding: frame.bytes) == frame)
  }

  @Test func `a probe is read, and its nonce passed over`() throws {
    let frame = NeighborFrame(
      destination: Self.addressB.solicitedNodeGroup.groupHardware, source: Self.a, sender: .unspecified,
      receiver: Self.addressB.solicitedNodeGroup, target: Self.addressB, message: .solicitation(senderHardware: nil))
    #expect(try NeighborFrame(decoding: bytes(Self.probe)) == frame)
  }

  @Test(arguments: pairs.indices) func `every prefix of a frame is truncated`(index: Int) {
    let whole = bytes(Self.pairs[index].hex)
    for length in whole.indices {
      #expect(throws: NeighborFrame.Malformed.truncated(length: length)) {
        try NeighborFrame(decoding: Array(whole[..<length]))
      }
    }
  }

  @Test(arguments: pairs.indices) func `what follows the packet is ignored`(index: Int) throws {
    let (hex, frame) = Self.pairs[index]
    #expect(try NeighborFrame(decoding: bytes(hex) + [1, 2, 3]) == frame)
  }

  /// A frame with other bytes at an offset, and a checksum that matches them (RFC 1071), summed word by word.
  static func changed(_ offset: Int, _ replacement: [UInt8], of hex: String = pairs[0].hex) -> [UInt8] {
    var frame = bytes(hex).replacing(offset, replacement).replacing(56, [0, 0])
    var sum = stride(from: 22, to: frame.count, by: 2).reduce(58 + frame.count - 54) {
      $0 + Int(frame[$1]) << 8 + Int(frame[$1 + 1])
    }
    while sum > 0xFFFF { sum = sum & 0xFFFF + sum >> 16 }
    frame[56] = ~UInt8(sum >> 8)
    frame[57] = ~UInt8(sum & 0xFF)
    return frame
  }

  @Test(arguments: [
    (bytes(pairs[0].hex).replacing(12, [0x08, 0x06]), NeighborFrame.Malformed.notIPv6(etherType: 0x0806)),
    (bytes(pairs[0].hex).replacing(14, [0x45]), .unknownVersion(4)),
    (bytes(pairs[0].hex).replacing(20, [17]), .notICMP(nextHeader: 17)),
    (bytes(pairs[0].hex).replacing(54, [128]), .notNeighborDiscovery(type: 128)),
    (bytes(pairs[0].hex).replacing(21, [64]), .forwarded(hopLimit: 64)),
    (bytes(pairs[0].hex).replacing(18, [0, 23]), .truncated(length: 86)),
    (bytes(pairs[0].hex).replacing(57, [0x04]), .wrongChecksum),
    (changed(55, [1]), .unknownCode(1)),
    (changed(62, [0xFF]), .multicastTarget),
    (changed(79, [0]), .emptyOption),
    (changed(79, [2]), .truncated(length: 32)),
    (changed(22, [UInt8](repeating: 0, count: 16)), .inconsistentProbe),
    (changed(53, [0x0C], of: probe), .inconsistentProbe),
    (changed(58, [0x60], of: pairs[2].hex), .solicitedByGroup),
  ])
  func `what RFC 4861 section 7_1 has us discard is refused with the reason`(
    frame: [UInt8], error: NeighborFrame.Malformed
  ) {
    #expect(throws: error) { try NeighborFrame(decoding: frame) }
  }

  @Test func `damaged frames are refused or read, and what was read is written back`() throws {
    var dice = SplitMix64(seed: 4861)
    for _ in 0..<20_000 {
      var frame = bytes(Self.pairs[Int.random(in: 0..<Self.pairs.count, using: &dice)].hex)
      for _ in 0..<Int.random(in: 1...4, using: &dice) {
        frame[Int.random(in: 0..<frame.count, using: &dice)] = UInt8.random(in: 0...255, using: &dice)
      }
      if let read = try? NeighborFrame(decoding: frame) {
        #expect(try NeighborFrame(decoding: read.bytes) == read)
      }
    }
  }

  @Test func `groups are those of RFC 4291 and RFC 2464`() throws {
    let address = try #require(IPv6Address("4037::1:800:200e:8c6c"))
    #expect(address.solicitedNodeGroup == IPv6Address("ff02::1:ff0e:8c6c"))
    #expect(address.solicitedNodeGroup.groupHardware == MACAddress("33:33:ff:0e:8c:6c"))
    #expect(IPv6Address.allNodes == IPv6Address("ff02::1"))
    #expect(address.solicitedNodeGroup.isMulticast)
    #expect(!address.isMulticast)
  }
}

extension [UInt8] {
  fileprivate func replacing(_ offset: Int, _ replacement: [UInt8]) -> [UInt8] {
    var result = self
    result.replaceSubrange(offset..<offset + replacement.count, with: replacement)
    return result
  }
}
