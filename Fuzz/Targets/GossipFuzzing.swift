import Gossip
import Primitives

/// What arrives at the port of memberlist. Most targets do without a key: with one, a stranger's bytes do not get past the
/// decryption, which is what `sealed` holds it to.
enum GossipFuzzing {
  private static let codec = WireCodec(key: nil)
  private static let sealing = WireCodec(key: EncryptionKey(secret: Array("a secret of the cluster".utf8)))

  static let nonce: Nonce = {
    var dice = SplitMix64(seed: 1)
    return Nonce(using: &dice)
  }()

  @Sendable static func datagrams(_ input: [UInt8]) {
    for message in Self.codec.read(datagram: input).messages { Self.check(message) }
  }

  /// One message in a datagram of its own is the same message.
  private static func check(_ message: Gossip.Message) {
    for isChecksummed in [false, true] {
      let datagram = Self.codec.datagram(Packet([message], isChecksummed: isChecksummed), nonce: Self.nonce)
      let reading = Self.codec.read(datagram: datagram)
      expect(reading.messages == [message] && reading.problems.isEmpty, "\(message) becomes \(reading)")
    }
  }

  /// The first byte tells where the stream is cut into pieces.
  @Sendable static func streams(_ input: [UInt8]) {
    guard let first = input.first else { return }
    let stream = Array(input.dropFirst())
    let whole = Self.outcome(of: [stream])
    let size = 1 + Int(first)
    let pieces = stride(from: 0, to: stream.count, by: size).map { Array(stream[$0..<min($0 + size, stream.count)]) }
    let outcome = Self.outcome(of: pieces)
    expect(whole == outcome, "the stream is \(whole), and in pieces \(outcome)")
    guard case .message(let message) = whole else { return }
    expect(Self.outcome(of: [Self.codec.stream(message, nonce: Self.nonce)]) == whole, "\(message) does not survive")
  }

  private enum Outcome: Equatable {
    case message(StreamMessage)
    case unfinished
    case error(WireError)
  }

  private static func outcome(of pieces: [[UInt8]]) -> Outcome {
    var reader = Self.codec.streamReader()
    do throws(WireError) {
      for piece in pieces {
        if let message = try reader.append(piece) { return .message(message) }
      }
      return .unfinished
    } catch {
      return .error(error)
    }
  }

  /// The input as what is compressed, and as what a compressor makes a compressed message of.
  @Sendable static func compression(_ input: [UInt8]) {
    for message in Self.codec.read(datagram: Self.compressed(input)).messages { Self.check(message) }
    // A message of the application, of which every content is one.
    let plain = [8] + input
    guard plain.count <= 1 << 18 else { return }
    let reading = Self.codec.read(datagram: Self.compressed(Compressor.compress(plain)))
    expect(
      reading.messages == [.user(input)], "\(input.count) bytes do not survive the compression: \(reading.problems)")
  }

  /// The envelope of a compressed message: { "Algo": 0, "Buf": content }.
  private static func compressed(_ content: [UInt8]) -> [UInt8] {
    let length = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: content.count >> $0) }
    return [9, 0x82, 0xA4] + Array("Algo".utf8) + [0, 0xA3] + Array("Buf".utf8) + [0xDB] + length + content
  }

  /// The input as the value of a field that nobody knows, which is passed over: { "X": input, "SeqNo": 7 }.
  @Sendable static func messagePack(_ input: [UInt8]) {
    let sequence = [0xA5] + Array("SeqNo".utf8) + [7]
    let alone = Self.codec.read(datagram: [0, 0x81] + sequence)
    let reading = Self.codec.read(datagram: [0, 0x82, 0xA1, 0x58] + input + sequence)
    expect(reading.messages.count + reading.problems.count == 1, "neither a message nor a problem: \(reading)")
    guard case .ping(let ping)? = reading.messages.first, ping.sequence == 7 else { return }
    expect(reading.messages == alone.messages, "what is passed over leaves \(reading) behind")
  }

  /// Nothing of what does not have the key is read, and nothing of what was changed on the way.
  ///
  /// The input is first the datagram and the stream themselves. Then its first two bytes say which byte of a sealed message
  /// is changed and how, and the rest is the message. The first byte, the version, is left alone: memberlist's seal does not
  /// cover it.
  @Sendable static func sealed(_ input: [UInt8]) {
    expect(Self.sealing.read(datagram: input).messages.isEmpty, "a datagram is read without the key")
    var reader = Self.sealing.streamReader()
    if let message = try? reader.append(input) { expect(false, "a stream is read without the key: \(message)") }
    guard input.count > 2 else { return }
    let messages = [Gossip.Message.user(Array(input.dropFirst(2)))]
    var datagram = Self.sealing.datagram(Packet(messages, isChecksummed: false), nonce: Self.nonce)
    expect(Self.sealing.read(datagram: datagram).messages == messages, "what was sealed cannot be opened")
    guard input[1] != 0 else { return }
    datagram[1 + Int(input[0]) % (datagram.count - 1)] ^= input[1]
    expect(Self.sealing.read(datagram: datagram).messages.isEmpty, "a changed datagram is taken for a true one")
  }

  @Sendable static func members(_ input: [UInt8]) {
    var script = FuzzScript(input)
    var play = MembershipPlay()
    while !script.isAtEnd { play.act(&script) }
  }
}

/// LZW as Go's `compress/lzw` writes it, least significant bit first, literals of 8 bits: the other direction of what the
/// product reads.
private struct Compressor {
  private var output: [UInt8] = []
  private var (buffer, bufferedBits) = (UInt32(0), 0)
  private var width = 9

  static func compress(_ bytes: [UInt8]) -> [UInt8] {
    var compressor = Compressor()
    var codes: [UInt32: Int] = [:]
    var highest = 257
    compressor.write(256)
    var last: Int?
    for byte in bytes {
      guard let code = last else {
        last = Int(byte)
        continue
      }
      let key = UInt32(code) << 8 | UInt32(byte)
      if let longer = codes[key] {
        last = longer
        continue
      }
      compressor.write(code)
      last = Int(byte)
      highest += 1
      if highest == 1 << compressor.width { compressor.width += 1 }
      if highest == 4095 {
        compressor.write(256)
        (codes, highest, compressor.width) = ([:], 257, 9)
      } else {
        codes[key] = highest
      }
    }
    if let last {
      compressor.write(last)
      highest += 1
      if highest == 1 << compressor.width { compressor.width += 1 }
    }
    compressor.write(257)
    if compressor.bufferedBits > 0 { compressor.output.append(UInt8(truncatingIfNeeded: compressor.buffer)) }
    return compressor.output
  }

  private mutating func write(_ code: Int) {
    self.buffer |= UInt32(code) << UInt32(self.bufferedBits)
    self.bufferedBits += self.width
    while self.bufferedBits >= 8 {
      self.output.append(UInt8(truncatingIfNeeded: self.buffer))
      self.buffer >>= 8
      self.bufferedBits -= 8
    }
  }
}
