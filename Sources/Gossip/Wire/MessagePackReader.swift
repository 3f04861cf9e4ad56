/// Reads MessagePack from bytes of a stranger: every length is checked against what is there, and the number of values is
/// bounded, as a structure that arrives in pieces is read anew with each.
///
/// Understands the raw forms of the old specification and the text and binary forms of the present one.
struct MessagePackReader {
  /// More than any structure of the protocol has.
  private static let fieldLimit = 64
  /// More than any field that is passed over has in it.
  private static let skipLimit = 1024

  /// What has not been read yet.
  private(set) var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) {
    self.rest = bytes
  }

  /// Reads a structure: a map from names to values. `read` takes the value of a field, or leaves it to be skipped by
  /// returning false.
  mutating func readFields(
    _ read: (_ name: String, _ reader: inout MessagePackReader) throws(WireError) -> Bool
  ) throws(WireError) {
    let count = try self.readMapCount()
    guard count <= Self.fieldLimit else { throw .tooMany(count, limit: Self.fieldLimit) }
    for _ in 0..<count {
      let name = try self.readText("a field's name")
      if try !read(name, &self) { try self.skip() }
    }
  }

  mutating func readNumber<Number: FixedWidthInteger>(_ place: String, as type: Number.Type = Number.self)
    throws(WireError) -> Number
  {
    let number: Number? =
      switch try self.next() {
      case let byte where byte < 0x80: Number(exactly: byte)
      case let byte where byte >= 0xE0: Number(exactly: Int8(bitPattern: byte))
      case 0xCC: Number(exactly: try self.integer(UInt8.self))
      case 0xCD: Number(exactly: try self.integer(UInt16.self))
      case 0xCE: Number(exactly: try self.integer(UInt32.self))
      case 0xCF: Number(exactly: try self.integer(UInt64.self))
      case 0xD0: Number(exactly: try self.integer(Int8.self))
      case 0xD1: Number(exactly: try self.integer(Int16.self))
      case 0xD2: Number(exactly: try self.integer(Int32.self))
      case 0xD3: Number(exactly: try self.integer(Int64.self))
      default: nil
      }
    guard let number else { throw .unexpectedValue(in: place) }
    return number
  }

  mutating func readBool(_ place: String) throws(WireError) -> Bool {
    switch try self.next() {
    case 0xC2: return false
    case 0xC3: return true
    default: throw .unexpectedValue(in: place)
    }
  }

  mutating func readText(_ place: String) throws(WireError) -> String {
    let content = try self.readBytes(place)
    guard let text = String(validating: content, as: UTF8.self) else { throw .invalidText }
    return text
  }

  /// Bytes or text; nothing counts as no bytes.
  mutating func readBytes(_ place: String) throws(WireError) -> ArraySlice<UInt8> {
    let count: Int =
      switch try self.next() {
      case 0xC0: 0
      case let byte where byte & 0xE0 == 0xA0: Int(byte & 0x1F)
      case 0xC4, 0xD9: Int(try self.integer(UInt8.self))
      case 0xC5, 0xDA: Int(try self.integer(UInt16.self))
      case 0xC6, 0xDB: Int(try self.integer(UInt32.self))
      default: throw .unexpectedValue(in: place)
      }
    return try self.take(count)
  }

  /// Passes over bytes that are not MessagePack, and returns them.
  mutating func take(_ count: Int) throws(WireError) -> ArraySlice<UInt8> {
    guard count <= self.rest.count else { throw .truncated }
    defer { self.rest = self.rest.dropFirst(count) }
    return self.rest.prefix(count)
  }

  // MARK: - Values of no interest

  /// Passes over one value of any kind. Containers are counted, not descended into, so depth costs no stack.
  private mutating func skip() throws(WireError) {
    var (pending, passed) = (1, 0)
    while pending > 0 {
      pending -= 1
      passed += 1
      switch try self.next() {
      case ..<0x80, 0xE0..., 0xC0, 0xC2, 0xC3: break
      case let byte where byte & 0xF0 == 0x80: pending += 2 * Int(byte & 0x0F)
      case let byte where byte & 0xF0 == 0x90: pending += Int(byte & 0x0F)
      case let byte where byte & 0xE0 == 0xA0: _ = try self.take(Int(byte & 0x1F))
      case 0xC4, 0xD9: _ = try self.take(Int(try self.integer(UInt8.self)))
      case 0xC5, 0xDA: _ = try self.take(Int(try self.integer(UInt16.self)))
      case 0xC6, 0xDB: _ = try self.take(Int(try self.integer(UInt32.self)))
      case 0xC7: _ = try self.take(1 + Int(try self.integer(UInt8.self)))
      case 0xC8: _ = try self.take(1 + Int(try self.integer(UInt16.self)))
      case 0xC9: _ = try self.take(1 + Int(try self.integer(UInt32.self)))
      case 0xCC, 0xD0: _ = try self.take(1)
      case 0xCD, 0xD1, 0xD4: _ = try self.take(2)
      case 0xD5: _ = try self.take(3)
      case 0xCA, 0xCE, 0xD2: _ = try self.take(4)
      case 0xD6: _ = try self.take(5)
      case 0xCB, 0xCF, 0xD3: _ = try self.take(8)
      case 0xD7: _ = try self.take(9)
      case 0xD8: _ = try self.take(17)
      case 0xDC: pending += Int(try self.integer(UInt16.self))
      case 0xDD: pending += Int(try self.integer(UInt32.self))
      case 0xDE: pending += 2 * Int(try self.integer(UInt16.self))
      case 0xDF: pending += 2 * Int(try self.integer(UInt32.self))
      default: throw .unexpectedValue(in: "an unknown field")
      }
      guard pending + passed <= Self.skipLimit else { throw .tooMany(pending + passed, limit: Self.skipLimit) }
      // Each value takes a byte at least.
      guard pending <= self.rest.count else { throw .truncated }
    }
  }

  private mutating func readMapCount() throws(WireError) -> Int {
    switch try self.next() {
    case let byte where byte & 0xF0 == 0x80: Int(byte & 0x0F)
    case 0xDE: Int(try self.integer(UInt16.self))
    case 0xDF: Int(try self.integer(UInt32.self))
    default: throw .unexpectedValue(in: "a structure")
    }
  }

  private mutating func next() throws(WireError) -> UInt8 {
    guard let byte = self.rest.popFirst() else { throw .truncated }
    return byte
  }

  private mutating func integer<Number: FixedWidthInteger>(_ type: Number.Type) throws(WireError) -> Number {
    try self.take(Number.bitWidth / 8).reduce(0) { $0 << 8 | Number(truncatingIfNeeded: $1) }
  }
}
