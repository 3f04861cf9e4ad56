import Primitives
import TestKit
import Testing

@testable import Layer2

@Suite struct RouterMessageTests {
  static let hardware = MACAddress(bits: 0x0242_AC11_0002)

  /// What zebra of FRR 8.4 sends for an unnumbered peer, its checksum set to zero: lifetime 30 s, an option for the interval.
  static let frr =
    "86 00 0000 40 00 001e 00000000 00000000  07 01 0000 00002710  01 01 0242ac110002"

  @Test(arguments: [
    ("85 00 0000 00000000 01 01 0242ac110002", RouterMessage.solicitation(hardware: hardware)),
    ("85 00 0000 00000000", .solicitation(hardware: nil)),
    (
      "86 00 0000 00 00 0000 00000000 00000000 01 01 0242ac110002",
      .advertisement(lifetimeSeconds: 0, hardware: hardware)
    ),
    ("86 00 0000 00 00 0708 00000000 00000000", .advertisement(lifetimeSeconds: 1800, hardware: nil)),
  ])
  func `messages are written and read as section 4 of RFC 4861 draws them`(hex: String, message: RouterMessage) throws {
    #expect(message.bytes == [UInt8](hex: hex))
    #expect(try RouterMessage(decoding: [UInt8](hex: hex)) == message)
  }

  @Test func `options that are not known are passed over`() throws {
    #expect(
      try RouterMessage(decoding: [UInt8](hex: Self.frr))
        == .advertisement(lifetimeSeconds: 30, hardware: Self.hardware))
  }

  @Test func `a message that ends early is refused wherever it is cut, but between options`() {
    let whole = [UInt8](hex: Self.frr)
    for length in whole.indices where ![16, 24].contains(length) {
      #expect(throws: RouterMessage.Malformed.self) { try RouterMessage(decoding: [UInt8](whole.prefix(length))) }
    }
  }

  @Test func `an option without a length, another code and another type are refused`() {
    let advertisement = "86 00 0000 00 00 0000 00000000 00000000"
    #expect(throws: RouterMessage.Malformed.emptyOption) {
      try RouterMessage(decoding: [UInt8](hex: advertisement + "01 00 0242ac110002"))
    }
    #expect(throws: RouterMessage.Malformed.unknownCode(1)) {
      try RouterMessage(decoding: [UInt8](hex: "86 01 0000 00 00 0000 00000000 00000000"))
    }
    #expect(throws: RouterMessage.Malformed.unknownType(135)) {
      try RouterMessage(decoding: [UInt8](hex: "87 00 0000 00000000"))
    }
  }
}
