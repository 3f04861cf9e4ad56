/// A datagram before encryption: one encoded message or several.
package struct Packet: Sendable, Hashable {
  /// What each message adds when there are several.
  static let overheadPerMessage = 2
  /// What several messages in one datagram add once.
  static let compoundOverhead = 2
  /// How many messages fit into one datagram, as their number is one byte.
  static let messageLimit = 255

  package var messages: [[UInt8]]
  /// Whether the receiver knows checksums.
  package var isChecksummed: Bool

  package init(_ messages: [[UInt8]], isChecksummed: Bool) {
    precondition((1...Self.messageLimit).contains(messages.count), "a packet holds one to 255 messages")
    self.messages = messages
    self.isChecksummed = isChecksummed
  }

  package init(_ messages: [Message], isChecksummed: Bool = true) {
    self.init(messages.map(\.encoded), isChecksummed: isChecksummed)
  }

  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    if self.isChecksummed { bytes += [MessageType.checksummed.rawValue, 0, 0, 0, 0] }
    if self.messages.count > 1 {
      bytes += [MessageType.compound.rawValue, UInt8(self.messages.count)]
      for message in self.messages { bytes.append(bigEndian: UInt16(message.count)) }
    }
    for message in self.messages { bytes += message }
    if self.isChecksummed {
      let checksum = Checksum.of(bytes.dropFirst(5))
      for index in 0..<4 { bytes[1 + index] = UInt8(truncatingIfNeeded: checksum >> UInt32(24 - 8 * index)) }
    }
    return bytes
  }
}
