import Primitives
import TestKit
import Testing

@testable import Layer2

@Suite struct ARPFrameTests {
  static let asker = MACAddress(bits: 0x0200_0000_0009)
  static let owner = MACAddress(bits: 0x423F_BA0A_97F4)

  /// Frames as they are on the wire, and what they say.
  static let pairs: [(hex: String, frame: ARPFrame)] = [
    (
      "ffffffffffff 020000000009 0806 0001 0800 06 04 0001 020000000009 0a080001 000000000000 0a086400",
      ARPFrame(
        destination: .broadcast, source: asker, operation: .request, senderHardware: asker,
        sender: IPv4Address(10, 8, 0, 1), targetHardware: MACAddress(bits: 0), target: IPv4Address(10, 8, 100, 0))
    ),
    (
      "020000000009 423fba0a97f4 0806 0001 0800 06 04 0002 423fba0a97f4 0a086400 020000000009 0a080001",
      ARPFrame(
        destination: asker, source: owner, operation: .reply, senderHardware: owner,
        sender: IPv4Address(10, 8, 100, 0), targetHardware: asker, target: IPv4Address(10, 8, 0, 1))
    ),
    (
      "ffffffffffff 423fba0a97f4 8100 6007 0806 0001 0800 06 04 0001 423fba0a97f4 c0000201 ffffffffffff c0000201",
      ARPFrame(
        destination: .broadcast, source: owner, tag: VLANTag(control: 0x6007), operation: .request,
        senderHardware: owner, sender: IPv4Address(192, 0, 2, 1), targetHardware: .broadcast,
        target: IPv4Address(192, 0, 2, 1))
    ),
  ]

  @Test(arguments: pairs.indices) func `a frame is read and written in the same bytes`(index: Int) throws {
    let (hex, frame) = Self.pairs[index]
    #expect(try ARPFrame(decoding: bytes(hex)) == frame)
    #expect(frame.bytes == bytes(hex))
  }

  @Test(arguments: pairs.indices) func `every prefix of a frame is truncated`(index: Int) {
    let whole = bytes(Self.pairs[index].hex)
    for length in whole.indices {
      #expect(throws: ARPFrame.Malformed.truncated(length: length)) {
        try ARPFrame(decoding: Array(whole[..<length]))
      }
    }
  }

  @Test(arguments: pairs.indices) func `padding up to the shortest Ethernet frame is ignored`(index: Int) throws {
    let (hex, frame) = Self.pairs[index]
    let padding = [UInt8](repeating: 0xA5, count: 60 - bytes(hex).count)
    #expect(try ARPFrame(decoding: bytes(hex) + padding) == frame)
  }

  @Test func `the network of a tag is its low twelve bits`() {
    #expect(VLANTag(control: 0x6007).network == 7)
    #expect(VLANTag(control: 0xE000).network == 0)
  }

  @Test(arguments: [
    (12, [0x08, 0x00], ARPFrame.Malformed.notARP(etherType: 0x0800)),
    (12, [0x88, 0xA8], .notARP(etherType: 0x88A8)),
    (14, [0x00, 0x06], .foreignHardware(type: 6, length: 6)),
    (18, [0x08], .foreignHardware(type: 1, length: 8)),
    (16, [0x86, 0xDD], .foreignProtocol(type: 0x86DD, length: 4)),
    (19, [0x10], .foreignProtocol(type: 0x0800, length: 16)),
    (20, [0x00, 0x03], .unknownOperation(3)),
  ])
  func `what is not ARP for IPv4 over Ethernet is refused with the reason`(
    offset: Int, replacement: [UInt8], error: ARPFrame.Malformed
  ) {
    var frame = bytes(Self.pairs[0].hex)
    frame.replaceSubrange(offset..<offset + replacement.count, with: replacement)
    #expect(throws: error) { try ARPFrame(decoding: frame) }
  }

  @Test func `damaged frames are refused or read, and what was read is written back`() throws {
    var dice = SplitMix64(seed: 826)
    for _ in 0..<20_000 {
      var frame = bytes(Self.pairs[Int.random(in: 0..<Self.pairs.count, using: &dice)].hex)
      for _ in 0..<Int.random(in: 1...4, using: &dice) {
        frame[Int.random(in: 0..<frame.count, using: &dice)] = UInt8.random(in: 0...255, using: &dice)
      }
      if let read = try? ARPFrame(decoding: frame) {
        // An EtherType that turned into a tag's leaves a remainder behind the packet.
        #expect(Array(frame.prefix(read.bytes.count)) == read.bytes)
      }
    }
  }
}

/// Bytes from hexadecimal digits; spaces are for the reader.
func bytes(_ hex: String) -> [UInt8] {
  let digits = hex.filter { $0 != " " }.compactMap(\.hexDigitValue)
  return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}
