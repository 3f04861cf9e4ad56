import BFD
import Primitives
import TestKit
import Testing

@Suite struct ControlPacketTests {
  struct Sample: Sendable {
    let hex: String
    let packet: ControlPacket
  }

  static let samples = [
    // A session that begins: nobody was heard yet, one packet a second.
    Sample(
      hex: "20 40 03 18 00000001 00000000 000f4240 000493e0 00000000",
      packet: ControlPacket(
        state: .down, mine: .sample(1), yours: nil, desiredMinTransmit: .seconds(1),
        requiredMinReceive: .milliseconds(300))),
    // It has heard the other end, which loops Echo packets at 50 ms.
    Sample(
      hex: "20 80 05 18 deadbeef 12345678 000f4240 0000c350 0000c350",
      packet: ControlPacket(
        state: .initializing, detectMultiplier: 5, mine: .sample(0xDEAD_BEEF), yours: .sample(0x1234_5678),
        desiredMinTransmit: .seconds(1), requiredMinReceive: .milliseconds(50),
        requiredMinEchoReceive: .milliseconds(50))),
    // Up, and asks for confirmation of a faster pace.
    Sample(
      hex: "20 e0 03 18 00000001 00000002 00002710 00002710 00000000",
      packet: ControlPacket(
        state: .up, isPoll: true, mine: .sample(1), yours: .sample(2), desiredMinTransmit: .milliseconds(10),
        requiredMinReceive: .milliseconds(10))),
    // Confirms, in demand mode, with a BFD that is not part of the control plane.
    Sample(
      hex: "20 da ff 18 00000001 00000002 ffffffff 00000000 00000001",
      packet: ControlPacket(
        state: .up, isFinal: true, isControlPlaneIndependent: true, wantsDemand: true, detectMultiplier: 255,
        mine: .sample(1), yours: .sample(2), desiredMinTransmit: .microseconds(Int64(UInt32.max)),
        requiredMinReceive: .zero, requiredMinEchoReceive: .microseconds(1))),
    // Down after a silence.
    Sample(
      hex: "21 40 03 18 00000007 00000000 000f4240 000493e0 00000000",
      packet: ControlPacket(
        diagnostic: .controlDetectionTimeExpired, state: .down, mine: .sample(7), yours: nil,
        desiredMinTransmit: .seconds(1), requiredMinReceive: .milliseconds(300))),
    // Switched off.
    Sample(
      hex: "27 00 03 18 00000007 00000009 000f4240 000493e0 00000000",
      packet: ControlPacket(
        diagnostic: .administrativelyDown, state: .adminDown, mine: .sample(7), yours: .sample(9),
        desiredMinTransmit: .seconds(1), requiredMinReceive: .milliseconds(300))),
  ]

  @Test(arguments: samples) func `packets are written as the RFC draws them, and read back`(sample: Sample) throws {
    #expect(sample.packet.bytes == [UInt8](hex: sample.hex))
    #expect(try ControlPacket(decoding: [UInt8](hex: sample.hex)) == sample.packet)
  }

  @Test(arguments: samples) func `a packet that ends early is refused, wherever it ends`(sample: Sample) {
    let bytes = [UInt8](hex: sample.hex)
    for length in bytes.indices {
      #expect(throws: ControlPacket.Malformed.truncated(length: length)) {
        try ControlPacket(decoding: Array(bytes[..<length]))
      }
    }
  }

  @Test func `what follows the length that a packet names does not matter`() throws {
    let sample = Self.samples[0]
    #expect(try ControlPacket(decoding: [UInt8](hex: sample.hex) + [1, 2, 3]) == sample.packet)
  }

  @Test(arguments: [
    ("00 40 03 18 00000001 00000000 000f4240 000493e0 00000000", ControlPacket.Malformed.foreignVersion(0)),
    ("40 40 03 18 00000001 00000000 000f4240 000493e0 00000000", .foreignVersion(2)),
    ("20 40 03 17 00000001 00000000 000f4240 000493e0 00000000", .badLength(field: 23, received: 24)),
    ("20 40 03 19 00000001 00000000 000f4240 000493e0 00000000", .badLength(field: 25, received: 24)),
    ("20 44 03 18 00000001 00000000 000f4240 000493e0 00000000 0000", .badLength(field: 24, received: 26)),
    ("20 40 00 18 00000001 00000000 000f4240 000493e0 00000000", .zeroDetectMultiplier),
    ("20 41 03 18 00000001 00000000 000f4240 000493e0 00000000", .multipoint),
    ("20 40 03 18 00000000 00000000 000f4240 000493e0 00000000", .zeroDiscriminator),
    ("20 80 03 18 00000001 00000000 000f4240 000493e0 00000000", .addressedToNobody(.initializing)),
    ("20 c0 03 18 00000001 00000000 000f4240 000493e0 00000000", .addressedToNobody(.up)),
    // A simple password, and keyed MD5 (RFC 5880 sections 4.2 and 4.3).
    (
      "20 44 03 21 00000001 00000000 000f4240 000493e0 00000000 01 09 01 736563726574", .authenticated
    ),
    (
      "20 44 03 30 00000001 00000000 000f4240 000493e0 00000000 02 18 01 00 00000001 00112233445566778899aabbccddeeff",
      .authenticated
    ),
  ])
  func `what RFC 5880 says to discard is discarded`(hex: String, reason: ControlPacket.Malformed) {
    #expect(throws: reason) { try ControlPacket(decoding: [UInt8](hex: hex)) }
    #expect(!reason.description.isEmpty)
  }

  @Test func `damaged packets are read or refused, and what is read can be written`() throws {
    var dice = SplitMix64(seed: 5880)
    var readCount = 0
    var lost: [ControlPacket] = []
    for _ in 0..<20_000 {
      var bytes = [UInt8](hex: Self.samples.randomElement(using: &dice)?.hex ?? "")
      for _ in 0...Int.random(in: 0...3, using: &dice) {
        let place = bytes.indices.randomElement(using: &dice)
        switch (Int.random(in: 0..<4, using: &dice), place) {
        case (0, _), (_, nil): bytes.append(.random(in: 0...255, using: &dice))
        case (1, _): bytes.removeLast(Int.random(in: 1...bytes.count, using: &dice))
        case (2, let place?): bytes[place] ^= UInt8(1) << UInt8.random(in: 0..<8, using: &dice)
        case (_, let place?): bytes[place] = .random(in: 0...255, using: &dice)
        }
      }
      guard let packet = try? ControlPacket(decoding: bytes) else { continue }
      readCount += 1
      // All that a packet says is in the value: but for the length field and what follows, the bytes come back.
      var expected = Array(bytes[..<ControlPacket.length])
      expected[3] = UInt8(ControlPacket.length)
      if packet.bytes != expected || packet.detectMultiplier == 0 { lost.append(packet) }
    }
    #expect(lost == [])
    #expect(readCount > 2000)
  }

  @Test func `diagnostics keep to their five bits`() {
    #expect(SessionState.allCases.map(\.rawValue) == [0, 1, 2, 3])
    #expect(Diagnostic(rawValue: 0xE1) == .controlDetectionTimeExpired, "the upper bits belong to the version")
  }

  @Test func `intervals that do not fit are as long as fits`() throws {
    var packet = Self.samples[0].packet
    packet.desiredMinTransmit = .seconds(1_000_000)
    packet.requiredMinReceive = .nanoseconds(1999)
    let read = try ControlPacket(decoding: packet.bytes)
    #expect(read.desiredMinTransmit == .microseconds(Int64(UInt32.max)))
    #expect(read.requiredMinReceive == .microseconds(1))
  }

  @Test func `an Echo packet comes back as it went, and nothing shorter is one`() throws {
    let echo = EchoPacket(session: .sample(0x0102_0304), sequence: 7, key: 0x1122_3344_5566_7788)
    #expect(echo.bytes == [UInt8](hex: "01020304 00000007 1122334455667788"))
    #expect(EchoPacket(decoding: echo.bytes.span.bytes) == echo)
    for length in 0..<EchoPacket.length {
      #expect(EchoPacket(decoding: Array(echo.bytes[..<length]).span.bytes) == nil)
    }
    #expect(EchoPacket(decoding: [UInt8](repeating: 0, count: 16).span.bytes) == nil, "discriminator 0 is nobody's")
  }
}

extension Discriminator {
  /// One with a number that is known not to be zero.
  static func sample(_ number: UInt32) -> Discriminator {
    guard let discriminator = Discriminator(number) else { preconditionFailure("\(number) is no discriminator") }
    return discriminator
  }
}
