/// Asks for all routes of a family again, or frames the answer (RFC 2918, RFC 7313).
///
///     AFI 2 | subtype 1 | SAFI 1
package struct RouteRefresh: Sendable, Hashable {
  package enum Subtype: UInt8, Sendable, Hashable {
    case request = 0
    case beginning = 1
    case end = 2
  }

  package var subtype: Subtype
  package var family: AddressFamily

  package init(_ subtype: Subtype = .request, _ family: AddressFamily) {
    self.subtype = subtype
    self.family = family
  }

  /// Nil for a subtype that is not known, which is to be ignored (RFC 7313 section 5).
  init?(decoding body: [UInt8]) throws(Notification) {
    guard body.count >= 4, body.count == 4 || body[2] == 0 else {
      // The data is the whole message, as RFC 7313 section 5 has it.
      throw .routeRefresh(.invalidMessageLength, data: Frame(type: MessageType.routeRefresh, body: body).bytes)
    }
    guard let subtype = Subtype(rawValue: body[2]) else { return nil }
    self.subtype = subtype
    self.family = AddressFamily(identifier: UInt16(body[0]) << 8 | UInt16(body[1]), subsequent: body[3])
  }

  var body: [UInt8] {
    var body: [UInt8] = []
    body.append(bigEndian: self.family.identifier)
    body += [self.subtype.rawValue, self.family.subsequent]
    return body
  }
}
