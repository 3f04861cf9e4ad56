import BFD
import Primitives
import TestKit
import Testing

@Suite struct EchoDatagramTests {
  struct Sample: Sendable {
    let address: IPAddress?
    let etherType: String
    let hex: String
  }

  static let packet = EchoPacket(session: .sample(0x0102_0304), sequence: 7, key: 0x1122_3344_5566_7788)
  static let samples = [
    Sample(
      address: IPAddress("198.18.1.1"), etherType: "0800",
      hex: "45c0002c00000000ff112cdac6120101c61201010ec90ec900183ea301020304000000071122334455667788"),
    Sample(
      address: IPAddress("2001:db8:1::1"), etherType: "86dd",
      hex:
        "6c000000001811ff20010db800010000000000000000000120010db80001000000000000000000010ec90ec90018715401020304000000071122334455667788"
    ),
  ]

  private func frame(_ sample: Sample) -> [UInt8] {
    [UInt8](hex: "020000000002 020000000001 \(sample.etherType)") + [UInt8](hex: sample.hex)
  }

  @Test(arguments: samples) func `a datagram is from us to us, with checksums that are right`(sample: Sample) throws {
    let address = try #require(sample.address)
    #expect(EchoDatagram(Self.packet, address: address).bytes == [UInt8](hex: sample.hex))
  }

  @Test(arguments: samples) func `what comes back is recognized, padded or not, and no prefix of it is`(sample: Sample)
    throws
  {
    let frame = self.frame(sample)
    let expected = EchoDatagram(Self.packet, address: try #require(sample.address))
    #expect(EchoDatagram(frame: frame.span.bytes) == expected)
    #expect(EchoDatagram(frame: (frame + [0, 0, 0]).span.bytes) == expected)
    for length in frame.indices { #expect(EchoDatagram(frame: Array(frame[..<length]).span.bytes) == nil) }
  }

  @Test(arguments: samples) func `what is not from us to us, or not to the port, is not ours`(sample: Sample) {
    let frame = self.frame(sample)
    let ipLength = frame.count - 14 - 8 - EchoPacket.length
    // Its version, its protocol, its destination, its port.
    for offset in [14, 14 + (ipLength == 20 ? 9 : 6), 14 + ipLength - 1, 14 + ipLength + 3] {
      var other = frame
      other[offset] ^= 0x11
      #expect(EchoDatagram(frame: other.span.bytes) == nil, "\(offset)")
    }
    var fragment = frame
    fragment[20] |= 0x20
    if ipLength == 20 { #expect(EchoDatagram(frame: fragment.span.bytes) == nil) }
  }

  @Test func `whatever arrives is read or refused`() {
    var dice = SplitMix64(seed: 5881)
    for _ in 0..<10_000 {
      var frame = self.frame(Self.samples[Int.random(in: 0...1, using: &dice)])
      frame.removeLast(Int.random(in: 0...frame.count, using: &dice))
      for _ in 0..<3 where !frame.isEmpty {
        frame[Int.random(in: 0..<frame.count, using: &dice)] = .random(in: 0...255, using: &dice)
      }
      if let read = EchoDatagram(frame: frame.span.bytes) { #expect(read.bytes.count >= 44) }
    }
  }
}
