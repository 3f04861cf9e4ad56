extension [UInt8] {
  /// Appends a number in network order.
  mutating func append(bigEndian number: UInt16) {
    self.append(UInt8(truncatingIfNeeded: number >> 8))
    self.append(UInt8(truncatingIfNeeded: number))
  }

  /// Appends a number in network order.
  mutating func append(bigEndian number: UInt32) {
    self.append(bigEndian: UInt16(truncatingIfNeeded: number >> 16))
    self.append(bigEndian: UInt16(truncatingIfNeeded: number))
  }
}
