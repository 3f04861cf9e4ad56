/// Reads numbers in network order from a run of bytes, and never past its end.
struct ByteReader {
  /// The bytes ended before the value did.
  struct Truncated: Error, Equatable {}

  private(set) var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) {
    self.rest = bytes
  }

  init(_ bytes: [UInt8]) {
    self.rest = bytes[...]
  }

  var isAtEnd: Bool { self.rest.isEmpty }
  var count: Int { self.rest.count }

  mutating func uint8() throws(Truncated) -> UInt8 {
    guard let byte = self.rest.popFirst() else { throw Truncated() }
    return byte
  }

  mutating func uint16() throws(Truncated) -> UInt16 {
    UInt16(try self.uint8()) << 8 | UInt16(try self.uint8())
  }

  mutating func uint32() throws(Truncated) -> UInt32 {
    UInt32(try self.uint16()) << 16 | UInt32(try self.uint16())
  }

  mutating func bytes(_ count: Int) throws(Truncated) -> ArraySlice<UInt8> {
    guard count <= self.rest.count else { throw Truncated() }
    defer { self.rest = self.rest.dropFirst(count) }
    return self.rest.prefix(count)
  }

  /// A reader for the next `count` bytes alone, which this one skips.
  mutating func reader(_ count: Int) throws(Truncated) -> ByteReader {
    ByteReader(try self.bytes(count))
  }
}
