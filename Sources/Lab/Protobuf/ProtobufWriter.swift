/// Writes the fields of one protobuf message.
struct ProtobufWriter {
  private(set) var bytes: [UInt8] = []

  mutating func string(_ number: Int, _ text: String) {
    self.message(number, Array(text.utf8))
  }

  mutating func bool(_ number: Int, _ value: Bool) {
    self.varint(UInt64(number) << 3)
    self.varint(value ? 1 : 0)
  }

  mutating func integer(_ number: Int, _ value: Int64) {
    self.varint(UInt64(number) << 3)
    self.varint(UInt64(bitPattern: value))
  }

  mutating func double(_ number: Int, _ value: Double) {
    self.varint(UInt64(number) << 3 | 1)
    var bits = value.bitPattern
    for _ in 0..<8 {
      self.bytes.append(UInt8(truncatingIfNeeded: bits))
      bits >>= 8
    }
  }

  /// A message or bytes within this one.
  mutating func message(_ number: Int, _ content: [UInt8]) {
    self.varint(UInt64(number) << 3 | 2)
    self.varint(UInt64(content.count))
    self.bytes += content
  }

  mutating func message(_ number: Int, _ write: (inout ProtobufWriter) -> Void) {
    var inner = ProtobufWriter()
    write(&inner)
    self.message(number, inner.bytes)
  }

  private mutating func varint(_ value: UInt64) {
    var value = value
    while value >= 0x80 {
      self.bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
      value >>= 7
    }
    self.bytes.append(UInt8(value))
  }
}
