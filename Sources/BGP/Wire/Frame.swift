/// One message as it lies between its header and the next one's: its type and its body, not yet understood
/// (RFC 4271 section 4.1).
///
///     marker 16 × 0xFF | length 2, header included | type 1 | body
package struct Frame: Sendable, Hashable {
  package let type: UInt8
  package let body: [UInt8]

  package init(type: UInt8, body: [UInt8]) {
    self.type = type
    self.body = body
  }

  static let headerLength = 19
  /// The longest message between speakers that did not agree on longer ones.
  static let standardLimit = 4096
  /// The longest message of RFC 8654.
  static let extendedLimit = 65_535

  /// Whether it says why the connection ends.
  package var isNotification: Bool { self.type == MessageType.notification }

  /// The length of the whole message.
  var length: Int { Self.headerLength + self.body.count }

  package var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(self.length)
    bytes.append(contentsOf: repeatElement(0xFF, count: 16))
    bytes.append(bigEndian: UInt16(truncatingIfNeeded: self.length))
    bytes.append(self.type)
    bytes.append(contentsOf: self.body)
    return bytes
  }
}

/// Cuts the bytes of a connection into frames.
///
/// Holds at most one incomplete message besides what was appended last.
package struct FrameSplitter: Sendable {
  private var buffer: [UInt8] = []
  private var start = 0

  package init() {}

  package mutating func append(_ bytes: some Sequence<UInt8>) {
    if self.start > 0 {
      self.buffer.removeSubrange(..<self.start)
      self.start = 0
    }
    self.buffer.append(contentsOf: bytes)
  }

  /// The next whole frame, nil if it has not all arrived; throws when what follows cannot be a message
  /// (RFC 4271 section 6.1). Whether the length fits what is in it is found when the frame is understood.
  package mutating func next() throws(Notification) -> Frame? {
    let available = self.buffer.count - self.start
    let marker = self.buffer[self.start..<self.start + min(16, available)]
    guard marker.allSatisfy({ $0 == 0xFF }) else { throw .messageHeader(.connectionNotSynchronized) }
    guard available >= Frame.headerLength else { return nil }
    let length = UInt16(self.buffer[self.start + 16]) << 8 | UInt16(self.buffer[self.start + 17])
    let type = self.buffer[self.start + 18]
    guard length >= Frame.headerLength, length <= Self.limit(of: type) else { throw .badMessageLength(length) }
    guard available >= Int(length) else { return nil }
    let body = self.buffer[self.start + Frame.headerLength..<self.start + Int(length)]
    self.start += Int(length)
    return Frame(type: type, body: Array(body))
  }

  /// Nobody can have agreed on longer ones of these (RFC 8654 section 4): what says so need not be waited for.
  private static func limit(of type: UInt8) -> Int {
    type == MessageType.open || type == MessageType.keepalive ? Frame.standardLimit : Frame.extendedLimit
  }
}
