/// What we send to have it looped back by the other end, without its BFD noticing (RFC 5880 section 5).
///
///     discriminator 32 | sequence 32 | key 64
///
/// Nobody but the sender reads it, so its form is a local matter. The key is drawn when the session is made: who has not
/// seen a packet of the session cannot pretend that the path works.
package struct EchoPacket: Sendable, Hashable {
  package var session: Discriminator
  package var sequence: UInt32
  package var key: UInt64

  package init(session: Discriminator, sequence: UInt32, key: UInt64) {
    self.session = session
    self.sequence = sequence
    self.key = key
  }

  package static let length = 16

  /// Reads what came back; nil = it is not ours.
  package init?(decoding bytes: RawSpan) {
    guard bytes.byteCount >= Self.length, let session = Discriminator(bytes.word(at: 0)) else { return nil }
    self.session = session
    self.sequence = bytes.word(at: 4)
    self.key = UInt64(bytes.word(at: 8)) << 32 | UInt64(bytes.word(at: 12))
  }

  package var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.length)
    bytes.append(word: self.session.number)
    bytes.append(word: self.sequence)
    bytes.append(word: UInt32(truncatingIfNeeded: self.key >> 32))
    bytes.append(word: UInt32(truncatingIfNeeded: self.key))
    return bytes
  }
}
