import Primitives
import Testing

@testable import Gossip

/// Messages as serf agents, which speak through HashiCorp's memberlist, put them on the wire.
@Suite struct MessageTests {
  private static let roleTag = bytes("ff 81a4 726f6c65 a3 776562")

  static let pairs: [(hex: String, message: Message)] = [
    (
      """
      00 85 a44e6f6465 a462657461 a55365714e6f 01 aa536f7572636541646472 a40a4d0001
      aa536f757263654e6f6465 a5616c706861 aa536f75726365506f7274 cd1f0a
      """,
      .ping(Ping(sequence: 1, node: "beta", source: Source(node: "alpha", endpoint: alpha)))
    ),
    (
      """
      04 86 a441646472 a40a4d0001 ab496e6361726e6174696f6e 01 a44d657461 abff81a4726f6c65a3776562
      a44e6f6465 a5616c706861 a4506f7274 cd1f0a a356736e a6010502020505
      """,
      .alive(Alive(incarnation: 1, node: "alpha", endpoint: alpha, meta: roleTag, versions: .serf))
    ),
    (
      "05 83 a446726f6d a462657461 ab496e6361726e6174696f6e 01 a44e6f6465 a462657461",
      .dead(Accusation(incarnation: 1, node: "beta", from: "beta"))
    ),
    (
      "03 83 a446726f6d a5616c706861 ab496e6361726e6174696f6e cd0100 a44e6f6465 a462657461",
      .suspect(Accusation(incarnation: 256, node: "beta", from: "alpha"))
    ),
    ("02 82 a75061796c6f6164 c0 a55365714e6f ce00010000", .ack(Ack(sequence: 65536))),
    ("0b 81 a55365714e6f cc80", .nack(sequence: 128)),
    (
      """
      01 88 a44e61636b c3 a44e6f6465 a462657461 a4506f7274 cd1f0a a55365714e6f 07 aa536f7572636541646472 a40a4d0001
      aa536f757263654e6f6465 a5616c706861 aa536f75726365506f7274 cd1f0a a6546172676574 a40a4d0002
      """,
      .indirectPing(
        IndirectPing(
          sequence: 7, target: beta, node: "beta", wantsNack: true, source: Source(node: "alpha", endpoint: alpha)))
    ),
    ("08 0182a54c54696d6501a44e6f6465a462657461", .user(bytes("0182a54c54696d6501a44e6f6465a462657461"))),
  ]

  private static let codec = WireCodec(key: nil)

  @Test(arguments: pairs.indices) func `a message is read and written in the same bytes`(index: Int) {
    let (hex, message) = Self.pairs[index]
    #expect(Self.codec.read(datagram: bytes(hex)) == WireCodec.Reading(messages: [message]))
    #expect(message.encoded == bytes(hex))
  }

  @Test(arguments: pairs.indices) func `no prefix of a message is taken for one`(index: Int) {
    let (hex, message) = Self.pairs[index]
    if case .user = message { return }
    for length in 0..<bytes(hex).count {
      let reading = Self.codec.read(datagram: Array(bytes(hex).prefix(length)))
      #expect(reading.messages.isEmpty && reading.problems.count == 1)
    }
  }

  @Test func `fields that are not known are passed over, whatever is in them`() {
    // SeqNo among a nested map, a nested list, a float, an extension, nothing and a text of the new form.
    let hex =
      """
      00 88 a141 81a16192c3cb3ff0000000000000 a142 dc00029001 a143 ca3f800000 a144 d6010badf00d a145 c0
      a55365714e6f 2a a146 d903616263 a44e6f6465 d90462657461
      """
    #expect(Self.codec.read(datagram: bytes(hex)).messages == [.ping(Ping(sequence: 42, node: "beta"))])
  }

  @Test func `a mapped address is the IPv4 address, and an IPv6 address stays one`() {
    let mapped = bytes("00000000000000000000ffff0a4d0001")
    let hex = "04 83 a44e6f6465 a5616c706861 a441646472 b0"
    let rest = bytes("a4506f7274 cd1f0a")
    #expect(
      Self.codec.read(datagram: bytes(hex) + mapped + rest).messages
        == [.alive(Alive(incarnation: 0, node: "alpha", endpoint: alpha, versions: nil))])
    let address = IPv6Address(bits: 0x2001_0db8 << 96 | 1)
    let alive = Message.alive(Alive(incarnation: 1, node: "six", endpoint: MemberAddress(.v6(address), 7946)))
    #expect(Self.codec.read(datagram: alive.encoded).messages == [alive])
  }

  @Test func `a missing field, a wrong type and a number that does not fit are told`() {
    func problem(_ hex: String) -> [WireError] { Self.codec.read(datagram: bytes(hex)).problems }
    #expect(problem("00 81 a44e6f6465 a0") == [.missingField("SeqNo")])
    #expect(problem("00 81 a55365714e6f c3") == [.unexpectedValue(in: "SeqNo")])
    #expect(problem("00 81 a55365714e6f ff") == [.unexpectedValue(in: "SeqNo")])
    #expect(problem("00 81 a55365714e6f cf0000000100000000") == [.unexpectedValue(in: "SeqNo")])
    #expect(problem("00 81 a44e6f6465 a2fffe") == [.invalidText])
    #expect(problem("04 81 a441646472 a30a4d00") == [.invalidAddress])
    #expect(problem("63") == [.unknownMessage(type: 0x63)])
    #expect(problem("f4 01 41 00") == [.labelled])
  }
}
