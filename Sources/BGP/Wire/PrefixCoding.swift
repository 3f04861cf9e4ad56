import Primitives

// Prefixes as routes carry them (RFC 4271 section 4.3): the length in bits, then as many octets as hold that many bits.

extension ByteReader {
  /// Why a field of prefixes cannot be read to its end, so that nobody can tell which routes it is about.
  enum InvalidPrefix: Error, Equatable {
    case truncated
    case tooLong(Int)
  }

  /// All prefixes up to the end. Bits past a prefix's length are of no meaning.
  mutating func prefixes(of family: IPFamily) throws(InvalidPrefix) -> [IPPrefix] {
    var prefixes: [IPPrefix] = []
    while !self.isAtEnd { prefixes.append(try self.prefix(of: family)) }
    return prefixes
  }

  private mutating func prefix(of family: IPFamily) throws(InvalidPrefix) -> IPPrefix {
    let length: Int
    let octets: ArraySlice<UInt8>
    do throws(Truncated) {
      length = Int(try self.uint8())
      octets = try self.bytes((length + 7) / 8)
    } catch {
      throw .truncated
    }
    guard length <= family.addressBits else { throw .tooLong(length) }
    let bits = octets.reduce(0 as UInt128) { $0 << 8 | UInt128($1) }
    guard let address = IPAddress(family, bits: bits << UInt128(family.addressBits - 8 * octets.count)),
      let prefix = IPPrefix(address, length: length)
    else { throw .tooLong(length) }
    return prefix
  }
}

extension [UInt8] {
  mutating func append(_ prefix: IPPrefix) {
    self.append(UInt8(truncatingIfNeeded: prefix.length))
    let bits = prefix.address.bits
    var shift = prefix.family.addressBits
    for _ in 0..<(prefix.length + 7) / 8 {
      shift -= 8
      self.append(UInt8(truncatingIfNeeded: bits >> UInt128(shift)))
    }
  }

  mutating func append(_ prefixes: [IPPrefix]) {
    for prefix in prefixes { self.append(prefix) }
  }
}

extension IPPrefix {
  /// How many octets the prefix takes in a message.
  var encodedLength: Int { 1 + (self.length + 7) / 8 }
}
