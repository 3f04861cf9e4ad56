import Primitives

/// The first message on a connection: who speaks, how long it may be silent, what it can do (RFC 4271 section 4.2).
///
///     version 1 | my AS 2 | hold time 2 | BGP identifier 4 | length 1 | { type 1 | length 1 | value }…
///
/// With the extended form of RFC 9072 both lengths have two octets, announced by a length and a type of 255.
package struct OpenMessage: Sendable, Hashable {
  /// The two-octet field: the AS number, or `AS_TRANS` when it does not fit.
  package var shortASN: UInt16
  package var holdSeconds: UInt16
  /// Which speaker this is; an IPv4 address by custom.
  package var identifier: IPv4Address
  package var capabilities: [Capability]

  static let version: UInt8 = 4

  package init(shortASN: UInt16, holdSeconds: UInt16, identifier: IPv4Address, capabilities: [Capability]) {
    self.shortASN = shortASN
    self.holdSeconds = holdSeconds
    self.identifier = identifier
    self.capabilities = capabilities
  }

  /// The sender's AS number, with four octets if it can say so.
  package var asn: ASN {
    for case .fourOctetASN(let number) in self.capabilities { return number }
    return ASN(UInt32(self.shortASN))
  }

  private enum ParameterType {
    static let capabilities: UInt8 = 2
    static let extended: UInt8 = 255
  }
}

extension OpenMessage {
  /// Reads the body of an OPEN message (RFC 4271 section 6.2; what the numbers mean for a session is not judged here).
  init(decoding body: [UInt8]) throws(Notification) {
    guard let version = body.first else { throw .badMessageLength(UInt16(Frame.headerLength)) }
    guard version == Self.version else {
      throw .open(.unsupportedVersionNumber, data: [0, Self.version])
    }
    var reader = ByteReader(body.dropFirst())
    let length: UInt8
    do throws(ByteReader.Truncated) {
      self.shortASN = try reader.uint16()
      self.holdSeconds = try reader.uint16()
      self.identifier = IPv4Address(bits: try reader.uint32())
      self.capabilities = []
      length = try reader.uint8()
    } catch {
      throw .badMessageLength(UInt16(truncatingIfNeeded: Frame.headerLength + body.count))
    }
    let isExtended = length != 0 && reader.rest.first == ParameterType.extended
    // The message is as long as an OPEN must at least be (section 6.1): what is wrong from here on is wrong with the OPEN.
    var parameters: ByteReader
    do throws(ByteReader.Truncated) {
      if isExtended {
        _ = try reader.uint8()
        parameters = try reader.reader(Int(try reader.uint16()))
      } else {
        parameters = try reader.reader(Int(length))
      }
    } catch {
      throw .open(.unspecific)
    }
    guard reader.isAtEnd else { throw .open(.unspecific) }
    while !parameters.isAtEnd {
      let type: UInt8
      var value: ByteReader
      do throws(ByteReader.Truncated) {
        type = try parameters.uint8()
        let length = isExtended ? Int(try parameters.uint16()) : Int(try parameters.uint8())
        value = try parameters.reader(length)
      } catch {
        throw .open(.unspecific)
      }
      guard type == ParameterType.capabilities else { throw .open(.unsupportedOptionalParameter) }
      self.capabilities += try Self.capabilities(&value)
    }
  }

  private static func capabilities(_ reader: inout ByteReader) throws(Notification) -> [Capability] {
    var capabilities: [Capability] = []
    do throws(ByteReader.Truncated) {
      while !reader.isAtEnd {
        let code = try reader.uint8()
        var value = try reader.reader(Int(try reader.uint8()))
        capabilities.append(try Capability(code: code, reading: &value))
      }
    } catch {
      throw .open(.unspecific)
    }
    return capabilities
  }

  /// All capabilities lie in one parameter; the extended form is used when they do not fit otherwise.
  var body: [UInt8] {
    var body: [UInt8] = [Self.version]
    body.append(bigEndian: self.shortASN)
    body.append(bigEndian: self.holdSeconds)
    body.append(bigEndian: self.identifier.bits)
    let capabilities = self.capabilities.flatMap(\.bytes)
    if capabilities.isEmpty {
      body.append(0)
    } else if capabilities.count + 2 < 255 {
      body += [UInt8(capabilities.count + 2), ParameterType.capabilities, UInt8(capabilities.count)] + capabilities
    } else {
      body += [ParameterType.extended, ParameterType.extended]
      body.append(bigEndian: UInt16(truncatingIfNeeded: capabilities.count + 3))
      body.append(ParameterType.capabilities)
      body.append(bigEndian: UInt16(truncatingIfNeeded: capabilities.count))
      body += capabilities
    }
    return body
  }
}
