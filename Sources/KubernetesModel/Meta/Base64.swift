/// Base64 (RFC 4648 §4), as `[]byte` fields stand in JSON.
package enum Base64 {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  package static func encode(_ bytes: some Collection<UInt8>) -> String {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    var iterator = bytes.makeIterator()
    while let first = iterator.next() {
      let second = iterator.next()
      let third = second == nil ? nil : iterator.next()
      let group = UInt32(first) << 16 | UInt32(second ?? 0) << 8 | UInt32(third ?? 0)
      text.append(Self.alphabet[Int(group >> 18)])
      text.append(Self.alphabet[Int(group >> 12 & 63)])
      text.append(second == nil ? UInt8(ascii: "=") : Self.alphabet[Int(group >> 6 & 63)])
      text.append(third == nil ? UInt8(ascii: "=") : Self.alphabet[Int(group & 63)])
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Nil when it is not padded base64; line breaks are skipped.
  package static func decode(_ text: String) -> [UInt8]? {
    var bytes: [UInt8] = []
    var group: UInt32 = 0
    var count = 0
    var padding = 0
    for character in text.utf8 where character != 10 && character != 13 {
      let value: UInt8
      switch character {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = character - UInt8(ascii: "A")
      case UInt8(ascii: "a")...UInt8(ascii: "z"): value = character - UInt8(ascii: "a") + 26
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = character - UInt8(ascii: "0") + 52
      case UInt8(ascii: "+"): value = 62
      case UInt8(ascii: "/"): value = 63
      case UInt8(ascii: "="):
        padding += 1
        value = 0
      default: return nil
      }
      guard padding == 0 || character == UInt8(ascii: "=") else { return nil }
      group = group << 6 | UInt32(value)
      count += 1
      guard count % 4 == 0 else { continue }
      guard padding <= 2 else { return nil }
      bytes.append(UInt8(truncatingIfNeeded: group >> 16))
      if padding < 2 { bytes.append(UInt8(truncatingIfNeeded: group >> 8)) }
      if padding < 1 { bytes.append(UInt8(truncatingIfNeeded: group)) }
      group = 0
    }
    return count % 4 == 0 && padding <= 2 ? bytes : nil
  }
}
