/// Reads the fields of one protobuf message, in the order in which they stand.
struct ProtobufReader {
  enum Value: Sendable, Hashable {
    case varint(UInt64)
    case fixed64(UInt64)
    case fixed32(UInt32)
    case bytes(ArraySlice<UInt8>)
  }

  private var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) {
    self.rest = bytes
  }

  /// The next field's number and value; nil at the end.
  mutating func next() throws(ProtobufError) -> (number: Int, value: Value)? {
    guard !self.rest.isEmpty else { return nil }
    let tag = try self.varint()
    guard let number = Int(exactly: tag >> 3), (1...536_870_911).contains(number) else {
      throw .malformed("illegal tag \(tag)")
    }
    switch tag & 7 {
    case 0: return (number, .varint(try self.varint()))
    case 1: return (number, .fixed64(try self.fixed(8)))
    case 2:
      let count = try self.varint()
      guard count <= UInt64(self.rest.count) else { throw .truncated }
      return (number, .bytes(self.take(Int(count))))
    case 5: return (number, .fixed32(UInt32(truncatingIfNeeded: try self.fixed(4))))
    case let wireType: throw .malformed("illegal wireType \(wireType)")
    }
  }

  private mutating func varint() throws(ProtobufError) -> UInt64 {
    var value: UInt64 = 0
    for index in 0..<10 {
      guard let byte = self.rest.popFirst() else { throw .truncated }
      guard index < 9 || byte <= 1 else { break }
      value |= UInt64(byte & 0x7f) << UInt64(7 * index)
      if byte < 0x80 { return value }
    }
    throw .malformed("integer overflow")
  }

  private mutating func fixed(_ count: Int) throws(ProtobufError) -> UInt64 {
    guard self.rest.count >= count else { throw .truncated }
    return self.take(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  private mutating func take(_ count: Int) -> ArraySlice<UInt8> {
    defer { self.rest = self.rest.dropFirst(count) }
    return self.rest.prefix(count)
  }
}
