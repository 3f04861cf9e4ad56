import Primitives

/// Reads the attributes of a received UPDATE. What RFC 7606 lets a session survive is noted as a fault; the rest throws.
struct AttributeDecoder {
  private(set) var attributes = PathAttributes()
  private(set) var faults: [AttributeFault] = []
  private let asnWidth: ASPath.Width
  private var seen: Set<UInt8> = []

  /// Whether a length reached past the end, so that nothing after it could be read.
  private(set) var isCutShort = false

  init(asnWidth: ASPath.Width) {
    self.asnWidth = asnWidth
  }

  mutating func decode(_ reader: inout ByteReader) throws(Notification) {
    while !reader.isAtEnd {
      let flags: UInt8
      let type: UInt8
      var value: ByteReader
      do throws(ByteReader.Truncated) {
        flags = try reader.uint8()
        type = try reader.uint8()
        let isLong = flags & AttributeFlag.extendedLength != 0
        value = try reader.reader(isLong ? Int(try reader.uint16()) : Int(try reader.uint8()))
      } catch {
        // RFC 7606 section 4: the total length is trusted, the routes after the attributes can be read.
        self.isCutShort = true
        self.faults.append(AttributeFault(type: 0, .treatAsWithdraw))
        return
      }
      try self.attribute(flags: flags, type: type, &value)
    }
  }

  private mutating func attribute(flags: UInt8, type: UInt8, _ value: inout ByteReader) throws(Notification) {
    guard self.seen.insert(type).inserted else {
      // RFC 7606 section 3 (g): of others the first counts.
      let isRoutes = type == AttributeType.reachable.rawValue || type == AttributeType.unreachable.rawValue
      if isRoutes { throw .update(.malformedAttributeList) }
      return
    }
    guard let known = AttributeType(rawValue: type) else {
      guard flags & AttributeFlag.optional != 0 else {
        throw .update(.unrecognizedWellKnownAttribute, data: [flags, type])
      }
      self.keep(flags: flags, type: type, value)
      return
    }
    // RFC 7606 section 3 (c).
    let significant = AttributeFlag.optional | AttributeFlag.transitive
    guard flags & significant == known.flags & significant else {
      if known == .reachable || known == .unreachable { throw .update(.attributeFlags) }
      self.faults.append(AttributeFault(type: type, .treatAsWithdraw))
      return
    }
    switch known {
    case .reachable: try self.reachable(flags: flags, &value)
    case .unreachable: try self.unreachable(flags: flags, &value)
    case .aggregator, .as4Aggregator: self.aggregator(known, flags: flags, value)
    default:
      do throws(ByteReader.Truncated) {
        try self.understand(known, &value)
        guard value.isAtEnd else { throw ByteReader.Truncated() }
      } catch {
        self.forget(known)
      }
    }
  }

  private mutating func understand(_ type: AttributeType, _ value: inout ByteReader) throws(ByteReader.Truncated) {
    switch type {
    case .origin:
      guard let origin = Origin(rawValue: try value.uint8()) else { throw ByteReader.Truncated() }
      self.attributes.origin = origin
    case .asPath:
      self.attributes.asPath = try ASPath(reading: &value, width: self.asnWidth)
    case .nextHop:
      self.attributes.nextHop = IPv4Address(bits: try value.uint32())
    case .multiExitDiscriminator:
      self.attributes.multiExitDiscriminator = try value.uint32()
    case .localPreference:
      self.attributes.localPreference = try value.uint32()
    case .atomicAggregate:
      self.attributes.isAtomicAggregate = true
    case .communities:
      while let first = try Self.first(&value) { self.attributes.communities.append(Community(rawValue: first)) }
    case .extendedCommunities:
      while let first = try Self.first(&value) {
        let rawValue = UInt64(first) << 32 | UInt64(try value.uint32())
        self.attributes.extendedCommunities.append(ExtendedCommunity(rawValue: rawValue))
      }
    case .largeCommunities:
      while let first = try Self.first(&value) {
        self.attributes.largeCommunities.append(LargeCommunity(first, try value.uint32(), try value.uint32()))
      }
    case .as4Path:
      self.attributes.as4Path = try ASPath(reading: &value, width: .four)
    case .aggregator, .as4Aggregator, .reachable, .unreachable:
      preconditionFailure("attribute \(type) has a reader of its own")
    }
  }

  /// The next number of a list, nil at its end.
  private static func first(_ value: inout ByteReader) throws(ByteReader.Truncated) -> UInt32? {
    value.isAtEnd ? nil : try value.uint32()
  }

  /// Notes a malformed attribute (RFC 7606 section 7, RFC 6793 section 6, RFC 8092 section 6).
  private mutating func forget(_ type: AttributeType) {
    switch type {
    case .origin: self.attributes.origin = nil
    case .asPath: self.attributes.asPath = nil
    case .nextHop: self.attributes.nextHop = nil
    case .multiExitDiscriminator: self.attributes.multiExitDiscriminator = nil
    case .localPreference: self.attributes.localPreference = nil
    case .atomicAggregate: self.attributes.isAtomicAggregate = false
    case .communities: self.attributes.communities = []
    case .extendedCommunities: self.attributes.extendedCommunities = []
    case .as4Path: self.attributes.as4Path = nil
    case .largeCommunities: self.attributes.largeCommunities = []
    case .aggregator, .as4Aggregator, .reachable, .unreachable: break
    }
    let isMinor = [.atomicAggregate, .aggregator, .as4Path, .as4Aggregator].contains(type)
    self.faults.append(AttributeFault(type: type.rawValue, isMinor ? .discardAttribute : .treatAsWithdraw))
  }

  /// Who made an aggregate is of no use to us, but its length must be right.
  private mutating func aggregator(_ type: AttributeType, flags: UInt8, _ value: ByteReader) {
    let width = type == .aggregator ? self.asnWidth.rawValue : 4
    if value.count == width + 4 {
      self.keep(flags: flags, type: type.rawValue, value)
    } else {
      self.forget(type)
    }
  }

  private mutating func reachable(flags: UInt8, _ value: inout ByteReader) throws(Notification) {
    let whole = value
    do {
      let family = AddressFamily(identifier: try value.uint16(), subsequent: try value.uint8())
      let octets = try value.bytes(Int(try value.uint8()))
      _ = try value.uint8()
      guard let unicast = family.unicast else {
        return self.keep(flags: flags, type: AttributeType.reachable.rawValue, whole)
      }
      guard let nextHop = NextHop(octets: octets) else { throw ByteReader.Truncated() }
      self.attributes.reachable = ReachableRoutes(unicast, nextHop: nextHop, try value.prefixes(of: unicast))
    } catch {
      // RFC 7606 section 5.3: which routes it is about cannot be told.
      throw .update(.optionalAttribute)
    }
  }

  private mutating func unreachable(flags: UInt8, _ value: inout ByteReader) throws(Notification) {
    let whole = value
    do {
      let family = AddressFamily(identifier: try value.uint16(), subsequent: try value.uint8())
      guard let unicast = family.unicast else {
        return self.keep(flags: flags, type: AttributeType.unreachable.rawValue, whole)
      }
      self.attributes.unreachable = UnreachableRoutes(unicast, try value.prefixes(of: unicast))
    } catch {
      throw .update(.optionalAttribute)
    }
  }

  private mutating func keep(flags: UInt8, type: UInt8, _ value: ByteReader) {
    self.attributes.others.append(
      PathAttributes.Other(flags: flags & ~AttributeFlag.extendedLength, type: type, value: Array(value.rest)))
  }
}
