import Primitives

/// Routes that are gone, and routes that are there, with the attributes that all of the latter share
/// (RFC 4271 section 4.3).
///
///     length 2 | withdrawn prefixes | length 2 | attributes | announced prefixes
package struct UpdateMessage: Sendable, Hashable {
  /// IPv4 routes that are gone; those of other families lie in an attribute.
  package var withdrawn: [IPPrefix]
  package var attributes: PathAttributes
  /// IPv4 routes with the next hop of the attributes; those of other families lie in an attribute.
  package var announced: [IPPrefix]
  /// What was wrong with the attributes of a received message.
  package var faults: [AttributeFault]

  package init(
    withdrawn: [IPPrefix] = [], attributes: PathAttributes = PathAttributes(), announced: [IPPrefix] = [],
    faults: [AttributeFault] = []
  ) {
    self.withdrawn = withdrawn
    self.attributes = attributes
    self.announced = announced
    self.faults = faults
  }

  /// That all routes of a family have been sent (RFC 4724 section 2).
  package static func endOfRIB(_ family: IPFamily) -> UpdateMessage {
    var update = UpdateMessage()
    if family == .ipv6 { update.attributes.unreachable = UnreachableRoutes(.ipv6, []) }
    return update
  }

  /// The family whose End-of-RIB this is, if it is one.
  package var endOfRIB: IPFamily? {
    IPFamily.allCases.first { self == .endOfRIB($0) }
  }
}

extension UpdateMessage {
  /// Reads the body of an UPDATE (RFC 4271 section 6.3 as amended by RFC 7606).
  init(decoding body: [UInt8], asnWidth: ASPath.Width) throws(Notification) {
    var reader = ByteReader(body)
    var withdrawn: ByteReader
    var attributes: ByteReader
    do throws(ByteReader.Truncated) {
      withdrawn = try reader.reader(Int(try reader.uint16()))
      attributes = try reader.reader(Int(try reader.uint16()))
    } catch {
      throw .update(.malformedAttributeList)
    }
    do throws(ByteReader.InvalidPrefix) {
      self.withdrawn = try withdrawn.prefixes(of: .ipv4)
      self.announced = try reader.prefixes(of: .ipv4)
    } catch {
      throw .update(.invalidNetworkField)
    }
    var decoder = AttributeDecoder(asnWidth: asnWidth)
    try decoder.decode(&attributes)
    self.attributes = decoder.attributes
    self.faults = decoder.faults
    // RFC 7606 section 3 (d), once an unreadable list was not already noted.
    let hasRoutes = !self.announced.isEmpty || self.attributes.reachable?.prefixes.isEmpty == false
    guard hasRoutes, !decoder.isCutShort else { return }
    let noted = Set(self.faults.map(\.type))
    for missing in self.missing where !noted.contains(missing.rawValue) {
      self.faults.append(AttributeFault(type: missing.rawValue, .treatAsWithdraw))
    }
  }

  /// The mandatory attributes that are not there (RFC 4271 section 5).
  private var missing: [AttributeType] {
    var missing: [AttributeType] = []
    if self.attributes.origin == nil { missing.append(.origin) }
    if self.attributes.asPath == nil { missing.append(.asPath) }
    if !self.announced.isEmpty && self.attributes.nextHop == nil { missing.append(.nextHop) }
    return missing
  }

  var body: [UInt8] {
    var withdrawn: [UInt8] = []
    withdrawn.append(self.withdrawn)
    let attributes = self.attributes.bytes
    var body: [UInt8] = []
    body.append(bigEndian: UInt16(truncatingIfNeeded: withdrawn.count))
    body += withdrawn
    body.append(bigEndian: UInt16(truncatingIfNeeded: attributes.count))
    body += attributes
    body.append(self.announced)
    return body
  }
}
