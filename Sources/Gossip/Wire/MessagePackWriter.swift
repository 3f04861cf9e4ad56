/// Writes MessagePack as memberlist's encoder does: structures as maps whose fields go by the alphabet, texts and bytes
/// alike in the raw forms of the old specification, numbers in the fewest bytes.
struct MessagePackWriter {
  private(set) var bytes: [UInt8] = []

  init(startingWith type: MessageType? = nil) {
    if let type { self.bytes.append(type.rawValue) }
  }

  mutating func writeMap(count: Int) {
    precondition(count < 16, "no structure of the protocol has that many fields")
    self.bytes.append(0x80 | UInt8(count))
  }

  mutating func write(_ name: StaticString, _ value: some UnsignedInteger & FixedWidthInteger) {
    self.writeRaw(name)
    switch UInt64(value) {
    case let value where value < 0x80: self.bytes.append(UInt8(value))
    case let value where value <= UInt64(UInt8.max): self.append(0xCC, UInt8(value))
    case let value where value <= UInt64(UInt16.max): self.append(0xCD, UInt16(value))
    case let value where value <= UInt64(UInt32.max): self.append(0xCE, UInt32(value))
    case let value: self.append(0xCF, value)
    }
  }

  mutating func write(_ name: StaticString, _ value: Bool) {
    self.writeRaw(name)
    self.bytes.append(value ? 0xC3 : 0xC2)
  }

  mutating func write(_ name: StaticString, _ value: String) {
    self.writeRaw(name)
    self.writeRaw(value.utf8)
  }

  /// No bytes at all are written as nothing, as Go does for a slice that was never made.
  mutating func write(_ name: StaticString, _ value: [UInt8]) {
    self.writeRaw(name)
    if value.isEmpty { self.bytes.append(0xC0) } else { self.writeRaw(value) }
  }

  mutating func append(_ more: [UInt8]) {
    self.bytes += more
  }

  private mutating func writeRaw(_ name: StaticString) {
    name.withUTF8Buffer { self.writeRaw($0) }
  }

  private mutating func writeRaw(_ content: some Collection<UInt8>) {
    switch content.count {
    case let count where count < 32: self.bytes.append(0xA0 | UInt8(count))
    case let count where count <= Int(UInt16.max): self.append(0xDA, UInt16(count))
    case let count: self.append(0xDB, UInt32(count))
    }
    self.bytes += content
  }

  private mutating func append<Number: FixedWidthInteger>(_ type: UInt8, _ number: Number) {
    self.bytes.append(type)
    self.bytes.append(bigEndian: number)
  }
}

extension [UInt8] {
  mutating func append<Number: FixedWidthInteger>(bigEndian number: Number) {
    for shift in stride(from: Number.bitWidth - 8, through: 0, by: -8) {
      self.append(UInt8(truncatingIfNeeded: number >> Number(shift)))
    }
  }
}
