import Primitives
import Testing

@testable import Gossip

@Suite struct StreamReaderTests {
  private func read(_ content: [UInt8], with codec: WireCodec, by size: Int) throws -> StreamMessage? {
    var reader = codec.streamReader()
    for start in stride(from: 0, to: content.count, by: size) {
      let piece = content[start..<min(start + size, content.count)]
      if let message = try reader.append(piece) {
        #expect(start + size >= content.count, "the message was read before its end")
        return message
      }
    }
    return nil
  }

  private let plain = WireCodec(key: nil)

  /// A push/pull of a serf agent that joins, compressed.
  private static let captured = bytes(
    """
    0982a4416c676f00a3427566da00ca000d0c22a5e44d1a37c34a397943a6cc9c00acaacc2923670a9d3074ca3029e3a69900268748052143
    460e29054d00085895c4cd983072dc604cf3c64d00524dca5c14f50f10292761da9421254667185250dec8a1d3ec8382521631960130caca
    1c37a602141020a0c05643aa8ad8e14887099534420398124b760e37010080c99d4bb7aeddbb78f3eaddcbb7afdfbf80030b1e4cb8b0e1c3
    88132b5eccb8b1e3c7804b99455b26c0aa8d66e8e46c5354ce1c48aaa2d4a19867725a5651e9d49963da6120a246010404
    """)

  private static let joining = PushPull(
    isJoin: true,
    states: [
      NodeState(
        node: "beta", endpoint: beta, meta: bytes("ff80"), incarnation: 1, liveness: .alive, versions: .serf)
    ])

  @Test(arguments: [1, 7, 1000]) func `a push pull of serf is read in pieces of any size`(size: Int) throws {
    let message = try self.read(Self.captured, with: self.plain, by: size)
    guard case .pushPull(let content)? = message else {
      Issue.record("no push/pull: \(String(describing: message))")
      return
    }
    #expect(content.isJoin)
    #expect(content.states == Self.joining.states)
    #expect(!content.userState.isEmpty, "serf's own state is passed over, but it is there")
  }

  static let messages: [StreamMessage] = [
    .pushPull(joining),
    .pushPull(PushPull(isJoin: false, states: [], userState: [1, 2, 3])),
    .pushPull(
      PushPull(
        isJoin: false,
        states: (1...40).map {
          NodeState(node: "node-\($0)", endpoint: .node($0), incarnation: UInt32($0) << 8, liveness: .dead)
        })),
    .ping(Ping(sequence: 9, node: "beta", source: Source(node: "alpha", endpoint: alpha))),
    .ack(Ack(sequence: 9)),
    .user([0, 1, 2]),
    .error("go away"),
  ]

  @Test(arguments: messages.indices) func `a message is read as it was written, plain and encrypted`(index: Int) throws
  {
    let message = Self.messages[index]
    let encrypting = WireCodec(key: EncryptionKey(secret: [1, 2, 3]))
    for codec in [self.plain, encrypting] {
      for size in [1, 13, 100_000] {
        #expect(try self.read(codec.stream(message, nonce: .of(1)), with: codec, by: size) == message)
      }
    }
  }

  @Test func `encryption must be on both sides or on neither`() throws {
    let encrypting = WireCodec(key: EncryptionKey(secret: [1, 2, 3]))
    let message = StreamMessage.ack(Ack(sequence: 1))
    #expect(throws: WireError.unencrypted) {
      try self.read(self.plain.stream(message, nonce: .of(1)), with: encrypting, by: 100)
    }
    #expect(throws: WireError.encrypted) {
      try self.read(encrypting.stream(message, nonce: .of(1)), with: self.plain, by: 100)
    }
  }

  @Test func `a message that claims to be larger than any may be is refused at once`() throws {
    let encrypting = WireCodec(key: EncryptionKey(secret: [1, 2, 3]))
    #expect(throws: WireError.tooLarge(0xFFFF_FFFF, limit: WireCodec.streamLimit)) {
      try self.read([10, 0xFF, 0xFF, 0xFF, 0xFF], with: encrypting, by: 100)
    }
    // Two thousand million nodes, of which none comes: nothing is set aside for them.
    let hex = "06 83 a44a6f696e c2 a54e6f646573 ce7fffffff ac557365725374617465 4c656e 00"
    #expect(try self.read(bytes(hex), with: self.plain, by: 100) == nil)
  }

  @Test(arguments: [1, 100]) func `what ends too early in its envelope is refused, whatever follows`(size: Int) throws {
    // { "Buf": nothing }, and then an ack in plain text.
    let ack = self.plain.stream(.ack(Ack(sequence: 1)), nonce: .of(1))
    #expect(throws: WireError.truncated) {
      try self.read([9, 0x81, 0xA3] + Array("Buf".utf8) + [0xA0] + ack, with: self.plain, by: size)
    }
  }

  @Test func `a structure of more fields than there are, or of values in values without end, is refused at once`() {
    // What is read anew with each piece must be little.
    #expect(throws: WireError.tooMany(1_000_000, limit: 64)) {
      try self.read([6, 0xDF, 0x00, 0x0F, 0x42, 0x40], with: self.plain, by: 100)
    }
    let nested = [UInt8](repeating: 0x91, count: 2000)
    #expect(throws: WireError.tooMany(1025, limit: 1024)) {
      try self.read([6, 0x81, 0xA1, 0x58] + nested, with: self.plain, by: 100)
    }
    #expect(throws: WireError.tooMany(70_001, limit: 1024)) {
      try self.read([6, 0x81, 0xA1, 0x58, 0xDD, 0, 1, 0x11, 0x70] + nested, with: self.plain, by: 100)
    }
  }

  @Test func `whatever the bytes, reading ends in a message, an error or a wait`() {
    var dice = SplitMix64(seed: 7)
    for round in 0..<2000 {
      var content = round % 2 == 0 ? Self.captured : self.plain.stream(Self.messages[round % 7], nonce: .of(1))
      for _ in 0..<(1 + round % 4) {
        content[Int.random(in: content.indices, using: &dice)] = UInt8.random(in: 0...255, using: &dice)
      }
      var reader = self.plain.streamReader()
      _ = try? reader.append(content)
      _ = self.plain.read(datagram: content)
    }
  }
}
