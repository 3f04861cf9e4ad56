/// Builds one line of JSON from strings, in the order given; keys repeat only if the caller repeats them.
struct JSONLineWriter: LogLineWriter {
  private(set) var bytes: [UInt8] = [UInt8(ascii: "{")]

  mutating func add(_ key: String, _ value: String) {
    if self.bytes.count > 1 { self.bytes.append(UInt8(ascii: ",")) }
    self.quote(key)
    self.bytes.append(UInt8(ascii: ":"))
    self.quote(value)
  }

  /// The line with its end.
  func finished() -> [UInt8] {
    self.bytes + [UInt8(ascii: "}"), UInt8(ascii: "\n")]
  }

  private mutating func quote(_ text: String) {
    self.bytes.appendQuoted(text)
  }
}

extension [UInt8] {
  /// Appends a string of JSON (RFC 8259 section 7).
  mutating func appendQuoted(_ text: String) {
    self.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""): self.append(contentsOf: #"\""#.utf8)
      case UInt8(ascii: "\\"): self.append(contentsOf: #"\\"#.utf8)
      case UInt8(ascii: "\n"): self.append(contentsOf: #"\n"#.utf8)
      case UInt8(ascii: "\r"): self.append(contentsOf: #"\r"#.utf8)
      case UInt8(ascii: "\t"): self.append(contentsOf: #"\t"#.utf8)
      case 0..<0x20:
        let digits = String(byte, radix: 16)
        self.append(contentsOf: "\\u00\(digits.count < 2 ? "0" : "")\(digits)".utf8)
      default: self.append(byte)
      }
    }
    self.append(UInt8(ascii: "\""))
  }
}
