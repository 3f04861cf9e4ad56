import Primitives
import Testing

@testable import Gossip

@Suite struct WireCodecTests {
  private let plain = WireCodec(key: nil)
  private static let secret = Array("abcdefghijklmnopqrstuv".utf8)

  private func encrypting() -> WireCodec {
    WireCodec(key: EncryptionKey(secret: Self.secret))
  }

  private static func alive(_ node: String, _ endpoint: MemberAddress, meta: [UInt8]) -> Message {
    .alive(Alive(incarnation: 1, node: node, endpoint: endpoint, meta: meta, versions: .serf))
  }

  /// A datagram of a serf agent: a checksum, two messages.
  private static let captured = bytes(
    """
    0cfada3f2107020048003e0486a441646472a40a4d0001ab496e6361726e6174696f6e01a44d657461abff81a4726f6c65a3776562a44e6f
    6465a5616c706861a4506f7274cd1f0aa356736ea60105020205050486a441646472a40a4d0002ab496e6361726e6174696f6e01a44d6574
    61a2ff80a44e6f6465a462657461a4506f7274cd1f0aa356736ea6010502020505
    """)

  @Test func `several messages under a checksum are read and written as serf does`() {
    let messages = [
      Self.alive("alpha", alpha, meta: bytes("ff81a4726f6c65a3776562")), Self.alive("beta", beta, meta: bytes("ff80")),
    ]
    #expect(self.plain.read(datagram: Self.captured) == WireCodec.Reading(messages: messages))
    #expect(self.plain.datagram(Packet(messages), nonce: .of(1)) == Self.captured)
  }

  @Test func `a datagram that was damaged on its way is refused`() {
    for index in 5..<Self.captured.count {
      var damaged = Self.captured
      damaged[index] ^= 0x10
      #expect(self.plain.read(datagram: damaged) == WireCodec.Reading(problems: [.badChecksum]))
    }
  }

  @Test func `a part that cannot be read spoils no other, nor does a cut`() {
    let nack = Message.nack(sequence: 1)
    let packet = Packet([nack.encoded, [0x63], nack.encoded], isChecksummed: false).bytes
    #expect(
      self.plain.read(datagram: packet)
        == WireCodec.Reading(messages: [nack, nack], problems: [.unknownMessage(type: 0x63)]))
    #expect(
      self.plain.read(datagram: packet.dropLast())
        == WireCodec.Reading(messages: [nack], problems: [.unknownMessage(type: 0x63), .truncated]))
  }

  @Test func `compressed messages of serf are read`() {
    let compressed = bytes(
      """
      0982a4416c676f00a3427566da00620005083a05254c1e366fc290d10640500042aa82905153670e9d3665dcd05906a0a3c78ea58ac891f3
      46ceb21ff83e763485a44c9a336836fa2087af16a27168e28db252660c268e2a3b020d3a5465d18f473d26151a9469d35253cac471f22640
      40
      """)
    let reading = self.plain.read(datagram: compressed)
    #expect(reading.problems.isEmpty)
    guard case .ack(let ack)? = reading.messages.first else {
      Issue.record("no ack: \(reading)")
      return
    }
    #expect(ack.sequence == 1)
    #expect(ack.payload.count == 130)
  }

  @Test func `what is wrapped too often is refused`() {
    var packet = Message.nack(sequence: 1).encoded
    for _ in 0..<6 { packet = [7, 1, 0, UInt8(packet.count)] + packet }
    #expect(self.plain.read(datagram: packet) == WireCodec.Reading(problems: [.tooDeep]))
  }

  @Test func `all that is compressed in a datagram shares one limit`() {
    // Codes of nine bits, each one longer by a byte than the last: 32,384 bytes in all.
    var (content, buffer, bits) = ([UInt8](), 0, 0)
    for code in [256, 8] + Array(258..<511) + [257] {
      buffer |= code << bits
      bits += 9
      while bits >= 8 {
        content.append(UInt8(buffer & 0xFF))
        buffer >>= 8
        bits -= 8
      }
    }
    let length = [UInt8(content.count >> 8), UInt8(content.count & 0xFF)]
    let compressed = bytes("09 82 a4416c676f 00 a3427566 da") + length + content
    let reading = self.plain.read(
      datagram: Packet(Array(repeating: compressed, count: 255), isChecksummed: false).bytes)
    #expect(reading.messages.count == 8)
    #expect(reading.problems.count == 247)
  }

  // MARK: - Encryption

  /// A datagram of a serf agent that was given the key which MetalLB derives from the secret.
  private static let encrypted = bytes(
    """
    01fa35e522c78df26f5cd56eddf32d0834431ad69bcf2a4cc222af810ee52b949831f9358f02175a18b6cce299438fab461ef271dc78e5c7
    39edd29f32c7258cc9842d91881f3e909edd37ffc460ae4fc3de607cd9e25bc8776118b13ab3e7961cf5720761c0da70d4f592d33781139
    720f6beee42e551b33a591a243b7ffaa225c8bb845c20d515114a1e21ba479e736951fedf36ce7cba145ee287e5df72a825a52d6053e6895
    cd8737d06005e
    """)

  @Test func `what serf encrypted with the derived key is read`() throws {
    let reading = self.encrypting().read(datagram: Self.encrypted)
    #expect(
      reading
        == WireCodec.Reading(messages: [
          Self.alive("alpha", alpha, meta: bytes("ff81a4726f6c65a3776562")),
          Self.alive("beta", beta, meta: bytes("ff80")),
        ]))
  }

  @Test func `what is encrypted is read with the same key, and with no other`() throws {
    let packet = Packet([.nack(sequence: 7)])
    let sealed = self.encrypting().datagram(packet, nonce: .of(1))
    #expect(sealed.count == packet.bytes.count + Cipher.overhead)
    #expect(self.encrypting().read(datagram: sealed).messages == [.nack(sequence: 7)])
    let other = WireCodec(key: EncryptionKey(secret: Array("another".utf8)))
    #expect(other.read(datagram: sealed) == WireCodec.Reading(problems: [.undecryptable]))
    #expect(self.encrypting().datagram(packet, nonce: .of(2)) != sealed)
  }

  @Test func `plain datagrams are refused by a cluster that encrypts, unless it is told not to verify`() throws {
    let datagram = Packet([.nack(sequence: 7)]).bytes
    #expect(self.encrypting().read(datagram: datagram).messages.isEmpty)
    let key = EncryptionKey(secret: Self.secret)
    let lenient = WireCodec(key: key, verifiesIncoming: false, encryptsOutgoing: false)
    #expect(lenient.read(datagram: datagram).messages == [.nack(sequence: 7)])
    #expect(lenient.datagram(Packet([.nack(sequence: 7)]), nonce: .of(1)) == datagram)
  }

  @Test func `no bit of an encrypted datagram can be changed`() throws {
    let codec = self.encrypting()
    for index in Self.encrypted.indices {
      var damaged = Self.encrypted
      damaged[index] ^= 1
      #expect(codec.read(datagram: damaged).messages.isEmpty)
    }
  }
}
