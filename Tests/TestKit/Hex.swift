extension [UInt8] {
  /// Bytes as a capture shows them: hexadecimal digits with white space anywhere between bytes.
  package init(hex: String) {
    let digits = hex.filter { !$0.isWhitespace }.compactMap(\.hexDigitValue)
    precondition(digits.count % 2 == 0, "half a byte in \(hex)")
    self = stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
  }
}
