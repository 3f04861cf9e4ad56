import Primitives

/// A table by prefix whose keys are as small as a family allows: eight octets for IPv4, where an `IPPrefix` has room for IPv6.
///
/// There is one for each router, and most of what a router costs is its table.
struct PrefixTable<Value: Sendable & Equatable>: Sendable, Equatable {
  private struct LongKey: Sendable, Hashable {
    let high: UInt64
    let low: UInt64
    let length: UInt8
  }

  /// IPv4: the address, and after it the length.
  private var short: [UInt64: Value] = [:]
  /// IPv6.
  private var long: [LongKey: Value] = [:]

  var count: Int { self.short.count + self.long.count }

  subscript(prefix: IPPrefix) -> Value? {
    get {
      switch prefix.address {
      case .v4: self.short[Self.shortKey(prefix)]
      case .v6: self.long[Self.longKey(prefix)]
      }
    }
    set {
      switch prefix.address {
      case .v4: self.short[Self.shortKey(prefix)] = newValue
      case .v6: self.long[Self.longKey(prefix)] = newValue
      }
    }
  }

  /// Makes room at once for what is about to come, so that growing does not hold a table and half of it at the same time.
  mutating func reserve(ipv4: Int, ipv6: Int) {
    if ipv4 > 0 { self.short.reserveCapacity(self.short.count + ipv4) }
    if ipv6 > 0 { self.long.reserveCapacity(self.long.count + ipv6) }
  }

  /// Shows every value of a family to `body`, which changes it where it is and says whether it is to stay.
  mutating func update(_ family: IPFamily, _ body: (IPPrefix, inout Value) -> Bool) {
    switch family {
    case .ipv4: Self.update(&self.short) { body(Self.prefix($0), &$1) }
    case .ipv6: Self.update(&self.long) { body(Self.prefix($0), &$1) }
    }
  }

  private static func update<Key>(_ values: inout [Key: Value], _ body: (Key, inout Value) -> Bool) {
    var gone: [Key] = []
    var index = values.startIndex
    while index != values.endIndex {
      let key = values[index].key
      if !body(key, &values.values[index]) { gone.append(key) }
      values.formIndex(after: &index)
    }
    for key in gone { values[key] = nil }
  }

  private static func shortKey(_ prefix: IPPrefix) -> UInt64 {
    UInt64(truncatingIfNeeded: prefix.address.bits) << 8 | UInt64(prefix.length)
  }

  private static func longKey(_ prefix: IPPrefix) -> LongKey {
    let bits = prefix.address.bits
    return LongKey(
      high: UInt64(truncatingIfNeeded: bits >> 64), low: UInt64(truncatingIfNeeded: bits),
      length: UInt8(truncatingIfNeeded: prefix.length))
  }

  private static func prefix(_ key: UInt64) -> IPPrefix {
    let address = IPAddress.v4(IPv4Address(bits: UInt32(truncatingIfNeeded: key >> 8)))
    return self.checked(IPPrefix(address, length: Int(key & 0xFF)))
  }

  private static func prefix(_ key: LongKey) -> IPPrefix {
    let address = IPAddress.v6(IPv6Address(bits: UInt128(key.high) << 64 | UInt128(key.low)))
    return self.checked(IPPrefix(address, length: Int(key.length)))
  }

  private static func checked(_ prefix: IPPrefix?) -> IPPrefix {
    guard let prefix else { preconditionFailure("a key that was made of no prefix") }
    return prefix
  }
}
