import Primitives

/// Something beyond the base protocol that a speaker can do, told in its OPEN message (RFC 5492).
package enum Capability: Sendable, Hashable {
  /// Routes of a family are exchanged (RFC 4760).
  case multiprotocol(AddressFamily)
  /// Routes are sent again on request (RFC 2918).
  case routeRefresh
  /// Routes of some families may have next hops of another (RFC 8950).
  case extendedNextHop([ExtendedNextHop])
  /// Messages may be longer than 4096 octets (RFC 8654).
  case extendedMessage
  case gracefulRestart(GracefulRestart)
  /// AS numbers have four octets; this is the speaker's (RFC 6793).
  case fourOctetASN(ASN)
  /// Requested routes are framed by a beginning and an end (RFC 7313).
  case enhancedRouteRefresh
  /// One that means nothing to us.
  case other(code: UInt8, value: [UInt8])

  /// Routes of this family may have next hops of that one.
  package struct ExtendedNextHop: Sendable, Hashable {
    package var family: AddressFamily
    package var nextHop: IPFamily

    package init(_ family: AddressFamily, nextHop: IPFamily) {
      self.family = family
      self.nextHop = nextHop
    }
  }

  private enum Code {
    static let multiprotocol: UInt8 = 1
    static let routeRefresh: UInt8 = 2
    static let extendedNextHop: UInt8 = 5
    static let extendedMessage: UInt8 = 6
    static let gracefulRestart: UInt8 = 64
    static let fourOctetASN: UInt8 = 65
    static let enhancedRouteRefresh: UInt8 = 70
  }

  /// Reads the value of a capability; one whose length is not right for its code is malformed.
  init(code: UInt8, reading reader: inout ByteReader) throws(ByteReader.Truncated) {
    switch code {
    case Code.multiprotocol:
      let identifier = try reader.uint16()
      _ = try reader.uint8()
      self = .multiprotocol(AddressFamily(identifier: identifier, subsequent: try reader.uint8()))
    case Code.routeRefresh:
      self = .routeRefresh
    case Code.extendedNextHop:
      self = .extendedNextHop(try Self.extendedNextHops(&reader))
    case Code.extendedMessage:
      self = .extendedMessage
    case Code.gracefulRestart:
      self = .gracefulRestart(try GracefulRestart(reading: &reader))
    case Code.fourOctetASN:
      self = .fourOctetASN(ASN(try reader.uint32()))
    case Code.enhancedRouteRefresh:
      self = .enhancedRouteRefresh
    default:
      self = .other(code: code, value: Array(try reader.bytes(reader.count)))
    }
    guard reader.isAtEnd else { throw ByteReader.Truncated() }
  }

  /// Entries with a next hop that is neither IPv4 nor IPv6 are of no use to us.
  private static func extendedNextHops(_ reader: inout ByteReader) throws(ByteReader.Truncated) -> [ExtendedNextHop] {
    var entries: [ExtendedNextHop] = []
    while !reader.isAtEnd {
      let (identifier, subsequent, nextHop) = (try reader.uint16(), try reader.uint16(), try reader.uint16())
      guard let subsequent = UInt8(exactly: subsequent),
        let family = IPFamily.allCases.first(where: { AddressFamily.identifier(of: $0) == nextHop })
      else { continue }
      entries.append(
        ExtendedNextHop(AddressFamily(identifier: identifier, subsequent: subsequent), nextHop: family))
    }
    return entries
  }

  package var code: UInt8 {
    switch self {
    case .multiprotocol: Code.multiprotocol
    case .routeRefresh: Code.routeRefresh
    case .extendedNextHop: Code.extendedNextHop
    case .extendedMessage: Code.extendedMessage
    case .gracefulRestart: Code.gracefulRestart
    case .fourOctetASN: Code.fourOctetASN
    case .enhancedRouteRefresh: Code.enhancedRouteRefresh
    case .other(let code, _): code
    }
  }

  /// Code, length and value.
  var bytes: [UInt8] {
    let value = self.value
    return [self.code, UInt8(truncatingIfNeeded: value.count)] + value
  }

  private var value: [UInt8] {
    var value: [UInt8] = []
    switch self {
    case .multiprotocol(let family):
      value.append(bigEndian: family.identifier)
      value += [0, family.subsequent]
    case .routeRefresh, .extendedMessage, .enhancedRouteRefresh:
      break
    case .extendedNextHop(let entries):
      for entry in entries {
        value.append(bigEndian: entry.family.identifier)
        value.append(bigEndian: UInt16(entry.family.subsequent))
        value.append(bigEndian: AddressFamily.identifier(of: entry.nextHop))
      }
    case .gracefulRestart(let restart):
      value = restart.bytes
    case .fourOctetASN(let number):
      value.append(bigEndian: number.number)
    case .other(_, let other):
      value = other
    }
    return value
  }
}
