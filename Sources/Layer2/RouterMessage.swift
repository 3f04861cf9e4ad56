import Primitives

/// A Router Solicitation or Router Advertisement, without the packet around it (RFC 4861 sections 4.1 and 4.2).
///
///     solicitation:   type 133 | code 0 | checksum 2 | reserved 4 | options
///     advertisement:  type 134 | code 0 | checksum 2 | hop limit, flags 2 | router lifetime 2 | reachable, retransmit 8 | options
///     options: type 1, length in eights 1, content
///
/// The kernel fills in and checks the checksum on the sockets that these go through. Options other than the source's
/// hardware address are passed over, as section 4.6 wants.
package enum RouterMessage: Sendable, Hashable {
  /// Which routers are there?
  case solicitation(hardware: MACAddress?)
  /// Here is a router. One with a lifetime of zero is no default router: hosts send nothing through it on that account.
  case advertisement(lifetimeSeconds: UInt16, hardware: MACAddress?)

  /// Why bytes are neither of the two, or one that RFC 4861 section 6.1 has us discard.
  package enum Malformed: Error, Sendable, Hashable {
    case truncated(length: Int)
    case unknownType(UInt8)
    case unknownCode(UInt8)
    case emptyOption
  }

  private enum Kind {
    static let solicitation: UInt8 = 133
    static let advertisement: UInt8 = 134
  }

  private static let sourceHardware: UInt8 = 1

  package init(decoding bytes: [UInt8]) throws(Malformed) {
    try self.init(decoding: bytes.span.bytes)
  }

  package init(decoding bytes: RawSpan) throws(Malformed) {
    guard bytes.byteCount >= 8 else { throw .truncated(length: bytes.byteCount) }
    let (type, code): (UInt8, UInt8) = (bytes.number(at: 0), bytes.number(at: 1))
    guard code == 0 else { throw .unknownCode(code) }
    switch type {
    case Kind.solicitation:
      self = .solicitation(hardware: try Self.hardwareAddress(in: bytes, after: 8))
    case Kind.advertisement:
      guard bytes.byteCount >= 16 else { throw .truncated(length: bytes.byteCount) }
      self = .advertisement(
        lifetimeSeconds: bytes.number(at: 6), hardware: try Self.hardwareAddress(in: bytes, after: 16))
    default:
      throw .unknownType(type)
    }
  }

  /// The source's hardware address, if an option gives it; every option must have a length, those passed over too.
  private static func hardwareAddress(in message: RawSpan, after offset: Int) throws(Malformed) -> MACAddress? {
    var found: MACAddress?
    var option = offset
    while option < message.byteCount {
      guard message.byteCount - option >= 8 else { throw .truncated(length: message.byteCount) }
      let length = 8 * Int(message.number(at: option + 1, as: UInt8.self))
      guard length > 0 else { throw .emptyOption }
      guard message.byteCount - option >= length else { throw .truncated(length: message.byteCount) }
      if found == nil, message.number(at: option, as: UInt8.self) == Self.sourceHardware {
        found = message.hardwareAddress(at: option + 2)
      }
      option += length
    }
    return found
  }

  /// The message with an empty checksum.
  package var bytes: [UInt8] {
    let header: [UInt8]
    let source: MACAddress?
    switch self {
    case .solicitation(let hardware):
      header = [Kind.solicitation] + [UInt8](repeating: 0, count: 7)
      source = hardware
    case .advertisement(let lifetime, let hardware):
      // Hop limit, reachable and retransmission time stay zero: we have no opinion on them.
      header =
        [Kind.advertisement, 0, 0, 0, 0, 0, UInt8(lifetime >> 8), UInt8(truncatingIfNeeded: lifetime)]
        + [UInt8](repeating: 0, count: 8)
      source = hardware
    }
    guard let source else { return header }
    return header + [Self.sourceHardware, 1] + source.octets
  }
}
