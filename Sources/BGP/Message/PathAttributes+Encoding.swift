import Primitives

extension PathAttributes {
  /// The attributes in ascending order of their types (RFC 4271 section 5).
  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    var others = self.others.sorted { $0.type < $1.type }[...]
    func append(_ flags: UInt8, _ type: UInt8, _ value: [UInt8]) {
      let isLong = value.count > 255
      bytes += [isLong ? flags | AttributeFlag.extendedLength : flags & ~AttributeFlag.extendedLength, type]
      if isLong {
        bytes.append(bigEndian: UInt16(truncatingIfNeeded: value.count))
      } else {
        bytes.append(UInt8(value.count))
      }
      bytes += value
    }
    for (type, value) in self.known {
      while let other = others.first, other.type < type.rawValue {
        append(other.flags, other.type, other.value)
        others = others.dropFirst()
      }
      append(type.flags, type.rawValue, value)
    }
    for other in others { append(other.flags, other.type, other.value) }
    return bytes
  }

  /// The values of the attributes that are there, in ascending order of their types.
  private var known: [(AttributeType, [UInt8])] {
    var known: [(AttributeType, [UInt8])] = []
    if let origin = self.origin { known.append((.origin, [origin.rawValue])) }
    if let path = self.asPath { known.append((.asPath, path.bytes)) }
    if let nextHop = self.nextHop { known.append((.nextHop, nextHop.octets)) }
    if let value = self.multiExitDiscriminator { known.append((.multiExitDiscriminator, Self.octets([value]))) }
    if let value = self.localPreference { known.append((.localPreference, Self.octets([value]))) }
    if self.isAtomicAggregate { known.append((.atomicAggregate, [])) }
    if !self.communities.isEmpty { known.append((.communities, Self.octets(self.communities.map(\.rawValue)))) }
    if let reachable = self.reachable { known.append((.reachable, reachable.value)) }
    if let unreachable = self.unreachable { known.append((.unreachable, unreachable.value)) }
    if !self.extendedCommunities.isEmpty {
      let halves = self.extendedCommunities.map(\.rawValue).flatMap {
        [UInt32(truncatingIfNeeded: $0 >> 32), UInt32(truncatingIfNeeded: $0)]
      }
      known.append((.extendedCommunities, Self.octets(halves)))
    }
    if let path = self.as4Path { known.append((.as4Path, path.bytes)) }
    if !self.largeCommunities.isEmpty {
      let numbers = self.largeCommunities.flatMap { [$0.globalAdministrator, $0.localData1, $0.localData2] }
      known.append((.largeCommunities, Self.octets(numbers)))
    }
    return known
  }

  private static func octets(_ numbers: [UInt32]) -> [UInt8] {
    var octets: [UInt8] = []
    octets.reserveCapacity(4 * numbers.count)
    for number in numbers { octets.append(bigEndian: number) }
    return octets
  }
}

extension ReachableRoutes {
  /// AFI 2 | SAFI 1 | next hop length 1 | next hop | reserved 1 | prefixes (RFC 4760 section 3).
  fileprivate var value: [UInt8] {
    var value: [UInt8] = []
    let nextHop = self.nextHop.octets
    value.append(bigEndian: AddressFamily(self.family).identifier)
    value += [AddressFamily(self.family).subsequent, UInt8(nextHop.count)] + nextHop + [0]
    value.append(self.prefixes)
    return value
  }
}

extension UnreachableRoutes {
  /// AFI 2 | SAFI 1 | prefixes (RFC 4760 section 4).
  fileprivate var value: [UInt8] {
    var value: [UInt8] = []
    value.append(bigEndian: AddressFamily(self.family).identifier)
    value.append(AddressFamily(self.family).subsequent)
    value.append(self.prefixes)
    return value
  }
}
