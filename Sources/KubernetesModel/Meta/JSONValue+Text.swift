/// What is wrong with a JSON text, in the words of Go's decoder, as clients know them.
package enum JSONSyntaxError: Error, Sendable, Hashable, CustomStringConvertible {
  case unexpectedEnd
  case unexpected(Unicode.Scalar, String)
  case tooDeep

  package var description: String {
    switch self {
    case .unexpectedEnd: "unexpected end of JSON input"
    case .unexpected(let character, let place): "invalid character '\(character)' \(place)"
    case .tooDeep: "exceeded max depth"
    }
  }
}

extension JSONValue {
  /// Reads a JSON text (RFC 8259). Of two equal member names the last one counts.
  package init(json bytes: some Collection<UInt8>) throws(JSONSyntaxError) {
    var parser = JSONParser(bytes: Array(bytes))
    self = try parser.document()
  }

  /// The JSON text, members in the order of their names so that equal values have equal texts.
  package var jsonText: [UInt8] {
    var bytes: [UInt8] = []
    self.write(into: &bytes)
    return bytes
  }

  package func write(into bytes: inout [UInt8]) {
    switch self {
    case .null: bytes.append(contentsOf: "null".utf8)
    case .bool(let bool): bytes.append(contentsOf: (bool ? "true" : "false").utf8)
    case .integer(let integer): bytes.append(contentsOf: String(integer).utf8)
    case .number(let number): bytes.append(contentsOf: number.jsonText.utf8)
    case .string(let string): Self.write(string, into: &bytes)
    case .array(let array):
      bytes.append(UInt8(ascii: "["))
      var isFirst = true
      for element in array {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        isFirst = false
        element.write(into: &bytes)
      }
      bytes.append(UInt8(ascii: "]"))
    case .object(let object):
      bytes.append(UInt8(ascii: "{"))
      var isFirst = true
      for (name, value) in object.sorted(by: { $0.key < $1.key }) {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        isFirst = false
        Self.write(name, into: &bytes)
        bytes.append(UInt8(ascii: ":"))
        value.write(into: &bytes)
      }
      bytes.append(UInt8(ascii: "}"))
    }
  }

  private static func write(_ string: String, into bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    for byte in string.utf8 {
      switch byte {
      case UInt8(ascii: "\""): bytes.append(contentsOf: "\\\"".utf8)
      case UInt8(ascii: "\\"): bytes.append(contentsOf: "\\\\".utf8)
      case 0x0A: bytes.append(contentsOf: "\\n".utf8)
      case 0x0D: bytes.append(contentsOf: "\\r".utf8)
      case 0x09: bytes.append(contentsOf: "\\t".utf8)
      case 0..<0x20:
        let digits = Array("0123456789abcdef".utf8)
        bytes.append(contentsOf: "\\u00".utf8)
        bytes.append(digits[Int(byte >> 4)])
        bytes.append(digits[Int(byte & 0xF)])
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}

extension Double {
  fileprivate var jsonText: String {
    guard self.isFinite else { return "null" }
    return self == self.rounded() && abs(self) < 1e15 ? String(Int64(self)) : "\(self)"
  }
}

private struct JSONParser {
  private static let maximumDepth = 512

  let bytes: [UInt8]
  private var position = 0
  private var depth = 0

  init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  mutating func document() throws(JSONSyntaxError) -> JSONValue {
    let value = try self.value()
    self.skipSpace()
    if self.position < self.bytes.count { throw self.unexpected("after top-level value") }
    return value
  }

  private func unexpected(_ place: String) -> JSONSyntaxError {
    guard self.position < self.bytes.count else { return .unexpectedEnd }
    let text = String(decoding: self.bytes[self.position...].prefix(4), as: UTF8.self)
    return .unexpected(text.unicodeScalars.first ?? "?", place)
  }

  private mutating func skipSpace() {
    while self.position < self.bytes.count {
      switch self.bytes[self.position] {
      case 0x20, 0x09, 0x0A, 0x0D: self.position += 1
      default: return
      }
    }
  }

  private var next: UInt8? { self.position < self.bytes.count ? self.bytes[self.position] : nil }

  private mutating func value() throws(JSONSyntaxError) -> JSONValue {
    self.skipSpace()
    switch self.next {
    case nil: throw .unexpectedEnd
    case UInt8(ascii: "{"): return try self.object()
    case UInt8(ascii: "["): return try self.array()
    case UInt8(ascii: "\""): return .string(try self.string())
    case UInt8(ascii: "t"): return try self.literal("true", .bool(true))
    case UInt8(ascii: "f"): return try self.literal("false", .bool(false))
    case UInt8(ascii: "n"): return try self.literal("null", .null)
    case .some(UInt8(ascii: "-")), .some(UInt8(ascii: "0")...UInt8(ascii: "9")): return try self.number()
    default: throw self.unexpected("looking for beginning of value")
    }
  }

  private mutating func literal(_ text: String, _ value: JSONValue) throws(JSONSyntaxError) -> JSONValue {
    for byte in text.utf8 {
      guard self.next == byte else { throw self.unexpected("in literal \(text)") }
      self.position += 1
    }
    return value
  }

  private mutating func object() throws(JSONSyntaxError) -> JSONValue {
    self.depth += 1
    guard self.depth <= Self.maximumDepth else { throw .tooDeep }
    defer { self.depth -= 1 }
    self.position += 1
    var members: [String: JSONValue] = [:]
    self.skipSpace()
    if self.next == UInt8(ascii: "}") {
      self.position += 1
      return .object(members)
    }
    while true {
      self.skipSpace()
      guard self.next == UInt8(ascii: "\"") else {
        throw self.unexpected("looking for beginning of object key string")
      }
      let name = try self.string()
      self.skipSpace()
      guard self.next == UInt8(ascii: ":") else { throw self.unexpected("after object key") }
      self.position += 1
      members[name] = try self.value()
      self.skipSpace()
      switch self.next {
      case UInt8(ascii: ","): self.position += 1
      case UInt8(ascii: "}"):
        self.position += 1
        return .object(members)
      default: throw self.unexpected("after object key:value pair")
      }
    }
  }

  private mutating func array() throws(JSONSyntaxError) -> JSONValue {
    self.depth += 1
    guard self.depth <= Self.maximumDepth else { throw .tooDeep }
    defer { self.depth -= 1 }
    self.position += 1
    var elements: [JSONValue] = []
    self.skipSpace()
    if self.next == UInt8(ascii: "]") {
      self.position += 1
      return .array(elements)
    }
    while true {
      elements.append(try self.value())
      self.skipSpace()
      switch self.next {
      case UInt8(ascii: ","): self.position += 1
      case UInt8(ascii: "]"):
        self.position += 1
        return .array(elements)
      default: throw self.unexpected("after array element")
      }
    }
  }

  private mutating func number() throws(JSONSyntaxError) -> JSONValue {
    let start = self.position
    if self.next == UInt8(ascii: "-") { self.position += 1 }
    let first = self.position
    var isInteger = true
    try self.digits()
    if self.bytes[first] == UInt8(ascii: "0"), self.position > first + 1 {
      self.position = first + 1
      throw self.unexpected("after top-level value")
    }
    if self.next == UInt8(ascii: ".") {
      isInteger = false
      self.position += 1
      try self.digits()
    }
    if self.next == UInt8(ascii: "e") || self.next == UInt8(ascii: "E") {
      isInteger = false
      self.position += 1
      if self.next == UInt8(ascii: "+") || self.next == UInt8(ascii: "-") { self.position += 1 }
      try self.digits()
    }
    let text = String(decoding: self.bytes[start..<self.position], as: UTF8.self)
    if isInteger, let integer = Int64(text) { return .integer(integer) }
    guard let number = Double(text) else { throw self.unexpected("in numeric literal") }
    return .number(number)
  }

  private mutating func digits() throws(JSONSyntaxError) {
    let start = self.position
    while let byte = self.next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { self.position += 1 }
    if self.position == start { throw self.unexpected("in numeric literal") }
  }

  private mutating func string() throws(JSONSyntaxError) -> String {
    self.position += 1
    let start = self.position
    while let byte = self.next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 {
      self.position += 1
    }
    var text: [UInt8] = []
    if self.next == UInt8(ascii: "\"") {
      defer { self.position += 1 }
      return String(decoding: self.bytes[start..<self.position], as: UTF8.self)
    }
    text.append(contentsOf: self.bytes[start..<self.position])
    while let byte = self.next {
      self.position += 1
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"): text.append(contentsOf: String(try self.escaped()).utf8)
      case 0..<0x20:
        self.position -= 1
        throw self.unexpected("in string literal")
      default: text.append(byte)
      }
    }
    throw .unexpectedEnd
  }

  private mutating func escaped() throws(JSONSyntaxError) -> Unicode.Scalar {
    guard let byte = self.next else { throw .unexpectedEnd }
    self.position += 1
    switch byte {
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "u"):
      let high = try self.codeUnit()
      guard (0xD800..<0xDC00).contains(high) else { return Unicode.Scalar(high) ?? "\u{FFFD}" }
      guard self.bytes[self.position...].starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "u")]) else {
        return "\u{FFFD}"
      }
      let before = self.position
      self.position += 2
      let low = try self.codeUnit()
      guard (0xDC00..<0xE000).contains(low) else {
        self.position = before
        return "\u{FFFD}"
      }
      return Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00)) ?? "\u{FFFD}"
    default:
      self.position -= 1
      throw self.unexpected("in string escape code")
    }
  }

  private mutating func codeUnit() throws(JSONSyntaxError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = self.next else { throw .unexpectedEnd }
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw self.unexpected("in \\u hexadecimal character escape")
      }
      value = value << 4 | UInt32(digit)
      self.position += 1
    }
    return value
  }
}
