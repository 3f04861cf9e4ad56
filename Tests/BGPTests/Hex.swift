@testable import BGP

/// The bytes that a run of hexadecimal digits spells; blanks are for the reader.
func bytes(_ hex: String) -> [UInt8] {
  let digits = hex.filter { !$0.isWhitespace }
  return stride(from: 0, to: digits.count, by: 2).map { offset in
    let start = digits.index(digits.startIndex, offsetBy: offset)
    return UInt8(digits[start..<digits.index(start, offsetBy: 2)], radix: 16) ?? 0
  }
}

/// A header of a message: the marker, and the length that is given.
func header(_ length: Int, type: UInt8) -> [UInt8] {
  [UInt8](repeating: 0xFF, count: 16) + [UInt8(length >> 8), UInt8(length & 0xFF), type]
}

/// The first frame of some bytes.
func frame(_ bytes: [UInt8]) throws(Notification) -> Frame? {
  var splitter = FrameSplitter()
  splitter.append(bytes)
  return try splitter.next()
}
