extension ControlPacket {
  private static let version: UInt8 = 1

  private enum Flag {
    static let poll: UInt8 = 0x20
    static let final: UInt8 = 0x10
    static let controlPlaneIndependent: UInt8 = 0x08
    static let authentication: UInt8 = 0x04
    static let demand: UInt8 = 0x02
    static let multipoint: UInt8 = 0x01
  }

  package init(decoding bytes: [UInt8]) throws(Malformed) {
    try self.init(decoding: bytes.span.bytes)
  }

  /// Reads the payload of a datagram, with the checks of RFC 5880 section 6.8.6 that need no session.
  package init(decoding bytes: RawSpan) throws(Malformed) {
    guard bytes.byteCount >= Self.length else { throw .truncated(length: bytes.byteCount) }
    let (first, second) = (bytes.octet(at: 0), bytes.octet(at: 1))
    guard first >> 5 == Self.version else { throw .foreignVersion(first >> 5) }
    // Two bits have four values, and each is a state.
    guard let state = SessionState(rawValue: second >> 6) else { throw .truncated(length: bytes.byteCount) }
    let length = bytes.octet(at: 3)
    // An authentication section has two bytes at least.
    let least = second & Flag.authentication == 0 ? Self.length : Self.length + 2
    guard Int(length) >= least, Int(length) <= bytes.byteCount else {
      throw .badLength(field: length, received: bytes.byteCount)
    }
    guard bytes.octet(at: 2) != 0 else { throw .zeroDetectMultiplier }
    guard second & Flag.multipoint == 0 else { throw .multipoint }
    guard let mine = Discriminator(bytes.word(at: 4)) else { throw .zeroDiscriminator }
    let yours = Discriminator(bytes.word(at: 8))
    guard yours != nil || state == .down || state == .adminDown else { throw .addressedToNobody(state) }
    guard second & Flag.authentication == 0 else { throw .authenticated }
    self.init(
      diagnostic: Diagnostic(rawValue: first), state: state, isPoll: second & Flag.poll != 0,
      isFinal: second & Flag.final != 0, isControlPlaneIndependent: second & Flag.controlPlaneIndependent != 0,
      wantsDemand: second & Flag.demand != 0, detectMultiplier: bytes.octet(at: 2), mine: mine, yours: yours,
      desiredMinTransmit: .microseconds(bytes.word(at: 12)), requiredMinReceive: .microseconds(bytes.word(at: 16)),
      requiredMinEchoReceive: .microseconds(bytes.word(at: 20)))
  }

  /// The payload of a datagram.
  package var bytes: [UInt8] {
    var flags = self.state.rawValue << 6
    if self.isPoll { flags |= Flag.poll }
    if self.isFinal { flags |= Flag.final }
    if self.isControlPlaneIndependent { flags |= Flag.controlPlaneIndependent }
    if self.wantsDemand { flags |= Flag.demand }
    var bytes = [Self.version << 5 | self.diagnostic.rawValue, flags, self.detectMultiplier, UInt8(Self.length)]
    bytes.reserveCapacity(Self.length)
    bytes.append(word: self.mine.number)
    bytes.append(word: self.yours?.number ?? 0)
    bytes.append(word: self.desiredMinTransmit.wholeMicroseconds)
    bytes.append(word: self.requiredMinReceive.wholeMicroseconds)
    bytes.append(word: self.requiredMinEchoReceive.wholeMicroseconds)
    return bytes
  }
}

extension RawSpan {
  /// The caller has checked that it is there.
  func octet(at offset: Int) -> UInt8 {
    self.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt8.self)
  }

  /// A number in network order; the caller has checked that it is there.
  func word(at offset: Int) -> UInt32 {
    UInt32(bigEndian: self.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }
}

extension [UInt8] {
  mutating func append(word: UInt32) {
    for shift in [24, 16, 8, 0] as [UInt32] { self.append(UInt8(truncatingIfNeeded: word >> shift)) }
  }
}

extension Duration {
  /// As an interval field carries it: what does not fit is as much as fits.
  fileprivate var wholeMicroseconds: UInt32 {
    let (seconds, attoseconds) = self.components
    guard seconds < Int64(UInt32.max) else { return .max }
    return UInt32(clamping: seconds * 1_000_000 + attoseconds / 1_000_000_000_000)
  }
}
