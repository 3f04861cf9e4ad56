/// Turns packets and stream messages into bytes and back, under the cluster's key if it has one.
///
///     datagram:  [encryption [checksum [compression [several messages [message]]]]]
///     stream:    [encryption with a length [compression [message]]]
package struct WireCodec: Sendable {
  /// The messages of a datagram, and what was wrong with those that could not be read.
  package struct Reading: Sendable, Hashable {
    package var messages: [Message] = []
    package var problems: [WireError] = []
  }

  /// What is compressed in a datagram may measure, all of it together: a few bytes in parts of parts stand for gigabytes.
  static let datagramLimit = 1 << 18
  /// What a stream's message may measure (memberlist's `maxPushStateBytes`).
  static let streamLimit = 20 << 20
  /// Compressed, several in one, and once more each.
  private static let depthLimit = 4

  private let cipher: Cipher?
  private let verifiesIncoming: Bool
  private let encryptsOutgoing: Bool

  package init(key: EncryptionKey?, verifiesIncoming: Bool = true, encryptsOutgoing: Bool = true) {
    self.cipher = key.map(Cipher.init)
    self.verifiesIncoming = verifiesIncoming
    self.encryptsOutgoing = encryptsOutgoing
  }

  // MARK: - Datagrams

  package func datagram(_ packet: Packet, nonce: Nonce) -> [UInt8] {
    guard let cipher, self.encryptsOutgoing else { return packet.bytes }
    return cipher.seal(packet.bytes, nonce: nonce)
  }

  package func read(datagram: [UInt8]) -> Reading {
    var reading = Reading()
    do throws(WireError) {
      guard datagram.first != MessageType.labelled.rawValue else { throw .labelled }
      let plain = try self.decrypted(datagram)
      var room = Self.datagramLimit
      try self.read(Self.checked(plain), depth: 0, room: &room, into: &reading)
    } catch {
      reading.problems.append(error)
    }
    return reading
  }

  private func decrypted(_ datagram: [UInt8]) throws(WireError) -> [UInt8] {
    guard let cipher else { return datagram }
    do throws(WireError) {
      return try cipher.open(datagram[...])
    } catch {
      guard self.verifiesIncoming else { return datagram }
      throw error
    }
  }

  private static func checked(_ bytes: [UInt8]) throws(WireError) -> ArraySlice<UInt8> {
    guard bytes.first == MessageType.checksummed.rawValue, bytes.count >= 5 else { return bytes[...] }
    let expected = bytes[1..<5].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    guard Checksum.of(bytes[5...]) == expected else { throw .badChecksum }
    return bytes[5...]
  }

  /// `room` is what may still be decompressed.
  private func read(
    _ bytes: ArraySlice<UInt8>, depth: Int, room: inout Int, into reading: inout Reading
  ) throws(WireError) {
    guard depth <= Self.depthLimit else { throw .tooDeep }
    guard let first = bytes.first else { throw .truncated }
    let body = bytes.dropFirst()
    switch MessageType(rawValue: first) {
    case .compound:
      try self.read(compound: body, depth: depth, room: &room, into: &reading)
    case .compressed:
      var reader = MessagePackReader(body)
      // What cannot be decompressed has cost up to all of it.
      let limit = room
      room = 0
      let plain = try Self.decompress(&reader, limit: limit)
      room = limit - plain.count
      try self.read(plain[...], depth: depth + 1, room: &room, into: &reading)
    case let type?:
      reading.messages.append(try Message(type, body: body))
    case nil:
      throw .unknownMessage(type: first)
    }
  }

  /// A part that cannot be read does not spoil the others; neither does a datagram that was cut.
  private func read(
    compound body: ArraySlice<UInt8>, depth: Int, room: inout Int, into reading: inout Reading
  ) throws(WireError) {
    var reader = MessagePackReader(body)
    let count = try reader.take(1).reduce(0) { $0 + Int($1) }
    let lengths = Array(try reader.take(2 * count))
    for index in 0..<count {
      let part = try reader.take(Int(lengths[2 * index]) << 8 | Int(lengths[2 * index + 1]))
      do throws(WireError) {
        try self.read(part, depth: depth + 1, room: &room, into: &reading)
      } catch {
        reading.problems.append(error)
      }
    }
  }

  /// Reads what is in a compressed envelope.
  static func decompress(_ reader: inout MessagePackReader, limit: Int) throws(WireError) -> [UInt8] {
    var (algorithm, content) = (UInt8(0), ArraySlice<UInt8>())
    try reader.readFields { name, reader throws(WireError) in
      switch name {
      case "Algo": algorithm = try reader.readNumber(name)
      case "Buf": content = try reader.readBytes(name)
      default: return false
      }
      return true
    }
    guard algorithm == 0 else { throw .badCompression }
    return try Decompressor.decompress(content, limit: limit)
  }

  // MARK: - Streams

  package func stream(_ message: StreamMessage, nonce: Nonce) -> [UInt8] {
    let plain = message.encoded
    guard let cipher, self.encryptsOutgoing else { return plain }
    var header = [MessageType.encrypted.rawValue]
    header.append(bigEndian: UInt32(plain.count + Cipher.overhead))
    return header + cipher.seal(plain, nonce: nonce, authenticating: header)
  }

  /// A reader for the one message of a stream.
  package func streamReader() -> StreamReader {
    StreamReader(cipher: self.cipher, verifiesIncoming: self.verifiesIncoming)
  }
}
