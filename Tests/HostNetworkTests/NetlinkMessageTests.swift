import CLinux
import Primitives
import Testing

@testable import HostNetwork

@Suite struct NetlinkMessageTests {
  /// An answer of the kernel: one message with an attribute of three bytes and one of four.
  static let datagram = bytes("24000000 1000 0200 01000000 00000000 02000000 0700 0300 6c6f00 00 0800 0d00 e8030000")
  static let message = NetlinkMessage(
    type: UInt16(RTM_NEWLINK), flags: 2, sequence: 1, payload: datagram[16...])

  @Test func `a message is read and written in the same bytes`() throws {
    #expect(try NetlinkMessage.messages(in: Self.datagram) == [Self.message])
    #expect(Self.message.bytes == Self.datagram)
  }

  @Test func `several messages lie in one datagram, each padded to four bytes`() throws {
    let short = NetlinkMessage(type: 3, payload: [0xAB])
    let read = try NetlinkMessage.messages(in: short.bytes + [0, 0, 0] + Self.datagram)
    #expect(read.map(\.type) == [3, UInt16(RTM_NEWLINK)])
    #expect(read.first?.payload == [0xAB])
  }

  @Test func `attributes are found behind the fixed part, without their padding`() throws {
    #expect(
      try Self.message.attributes(after: 4) == [
        3: [0x6C, 0x6F, 0x00], 13: [0xE8, 0x03, 0x00, 0x00],
      ])
  }

  @Test func `the bits that say how an attribute is coded are not part of its type`() throws {
    let nested = bytes("0500 1280 07")
    #expect(try NetlinkMessage.attributes(in: nested[...]) == [UInt16(IFLA_LINKINFO): [0x07]])
  }

  @Test func `every prefix of a message is refused`() {
    for length in 1..<Self.datagram.count {
      #expect(throws: NetlinkMessage.Malformed.self) {
        try NetlinkMessage.messages(in: Array(Self.datagram[..<length]))
      }
    }
  }

  @Test func `an element that is shorter than its own header is refused`() {
    var datagram = Self.datagram
    datagram[0] = 15
    #expect(throws: NetlinkMessage.Malformed.impossibleLength(15)) { try NetlinkMessage.messages(in: datagram) }
    #expect(throws: NetlinkMessage.Malformed.impossibleLength(3)) {
      try NetlinkMessage.attributes(in: bytes("0300 0100 00")[...])
    }
    #expect(throws: NetlinkMessage.Malformed.truncated(length: 5)) {
      try NetlinkMessage.attributes(in: bytes("0600 0100 00")[...])
    }
  }
}

/// Bytes from hexadecimal digits; spaces are for the reader.
func bytes(_ hex: String) -> [UInt8] {
  let digits = hex.filter { $0 != " " }.compactMap(\.hexDigitValue)
  return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}
