/// Puts the one message of a stream together from the pieces in which it arrives.
///
/// Nothing tells how long a plain message is, so it is read as far as it goes. What has been read is not read again,
/// so that a message that arrives byte by byte costs no more than one that arrives whole.
package struct StreamReader: Sendable {
  private enum Progress: Sendable {
    case nothing
    /// The bytes are those of a message of this type, in plain text.
    case body(MessageType)
    case states(PushPull.Header)
  }

  private let cipher: Cipher?
  private let verifiesIncoming: Bool
  private var progress = Progress.nothing
  /// Those of a push/pull that have been read.
  private var states: [NodeState] = []
  private var buffer: [UInt8] = []
  /// How much of the buffer has been read.
  private var position = 0
  private var received = 0
  /// Whether the buffer holds what was in an envelope, which is all there: what arrives after it is not part of it.
  private var isUnwrapped = false

  init(cipher: Cipher?, verifiesIncoming: Bool) {
    self.cipher = cipher
    self.verifiesIncoming = verifiesIncoming
  }

  /// Takes more bytes; returns the message when it is whole. Must not be called again after that or an error.
  package mutating func append(_ bytes: some Collection<UInt8>) throws(WireError) -> StreamMessage? {
    self.received += bytes.count
    guard self.received <= WireCodec.streamLimit else {
      throw .tooLarge(self.received, limit: WireCodec.streamLimit)
    }
    self.buffer += bytes
    do throws(WireError) {
      while true {
        if let message = try self.step() { return message }
      }
    } catch .truncated where !self.isUnwrapped {
      return nil
    }
  }

  /// Reads one thing; throws `truncated` if it is not there as a whole.
  private mutating func step() throws(WireError) -> StreamMessage? {
    var reader = MessagePackReader(self.buffer[self.position...])
    switch self.progress {
    case .nothing:
      self.progress = .body(try self.readType(&reader))
    case .body(.pushPull):
      let header = try PushPull.Header(from: &reader)
      self.progress = .states(header)
    case .states(let header) where self.states.count < header.stateCount:
      self.states.append(try NodeState(from: &reader, named: "Name"))
    case .states(let header):
      let userState = Array(try reader.take(header.userStateLength))
      return .pushPull(PushPull(isJoin: header.isJoin, states: self.states, userState: userState))
    case .body(let type):
      return try StreamMessage(type, from: &reader)
    }
    self.position = self.buffer.count - reader.rest.count
    return nil
  }

  /// Unwraps the message and returns its type. The buffer may then be another one.
  private mutating func readType(_ reader: inout MessagePackReader) throws(WireError) -> MessageType {
    let type = try Self.type(&reader)
    switch type {
    case .encrypted:
      guard let cipher else { throw .encrypted }
      let header = Array(self.buffer[self.position..<self.position + 1]) + (try reader.take(4))
      let length = header.dropFirst().reduce(0) { $0 << 8 | Int($1) }
      guard length <= WireCodec.streamLimit else { throw .tooLarge(length, limit: WireCodec.streamLimit) }
      let plain = try cipher.open(try reader.take(length), authenticating: header)
      self.replaceBuffer(by: plain, &reader)
      return try self.decompressedType(Self.type(&reader), &reader)
    case .labelled:
      throw .labelled
    case let type:
      guard self.cipher == nil || !self.verifiesIncoming else { throw .unencrypted }
      return try self.decompressedType(type, &reader)
    }
  }

  private mutating func decompressedType(
    _ type: MessageType, _ reader: inout MessagePackReader
  ) throws(WireError) -> MessageType {
    guard type == .compressed else { return type }
    let plain = try WireCodec.decompress(&reader, limit: WireCodec.streamLimit)
    self.replaceBuffer(by: plain, &reader)
    return try Self.type(&reader)
  }

  private mutating func replaceBuffer(by plain: [UInt8], _ reader: inout MessagePackReader) {
    self.buffer = plain
    self.isUnwrapped = true
    self.position = 0
    reader = MessagePackReader(plain[...])
  }

  private static func type(_ reader: inout MessagePackReader) throws(WireError) -> MessageType {
    let byte = try reader.take(1).reduce(0) { $0 + $1 }
    guard let type = MessageType(rawValue: byte) else { throw .unknownMessage(type: byte) }
    return type
  }
}

extension StreamMessage {
  var encoded: [UInt8] {
    var writer: MessagePackWriter
    switch self {
    case .pushPull(let pushPull): return pushPull.encoded
    case .ping(let ping): return ping.encoded
    case .ack(let ack): return ack.encoded
    case .user(let content):
      writer = MessagePackWriter(startingWith: .user)
      writer.writeMap(count: 1)
      writer.write("UserMsgLen", UInt(content.count))
      writer.append(content)
    case .error(let text):
      writer = MessagePackWriter(startingWith: .error)
      writer.writeMap(count: 1)
      writer.write("Error", text)
    }
    return writer.bytes
  }

  /// Reads the body of any message but a push/pull.
  init(_ type: MessageType, from reader: inout MessagePackReader) throws(WireError) {
    switch type {
    case .ping: self = .ping(try Ping(from: &reader))
    case .ack: self = .ack(try Ack(from: &reader))
    case .user:
      var length = 0
      try reader.readFields { name, reader throws(WireError) in
        guard name == "UserMsgLen" else { return false }
        length = try reader.readNumber(name)
        return true
      }
      guard length >= 0 else { throw .unexpectedValue(in: "UserMsgLen") }
      self = .user(Array(try reader.take(length)))
    case .error:
      var text = ""
      try reader.readFields { name, reader throws(WireError) in
        guard name == "Error" else { return false }
        text = try reader.readText(name)
        return true
      }
      self = .error(text)
    case .pushPull, .indirectPing, .suspect, .alive, .dead, .compound, .compressed, .encrypted, .nack, .checksummed,
      .labelled:
      throw .unknownMessage(type: type.rawValue)
    }
  }
}
