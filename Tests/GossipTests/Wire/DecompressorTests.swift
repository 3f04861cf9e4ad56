import Testing

@testable import Gossip

@Suite struct DecompressorTests {
  /// A writer of codes, to say what a compressor would.
  private func codes(_ codes: [(code: Int, width: Int)]) -> [UInt8] {
    var (bytes, buffer, bits) = ([UInt8](), 0, 0)
    for (code, width) in codes {
      buffer |= code << bits
      bits += width
      while bits >= 8 {
        bytes.append(UInt8(buffer & 0xFF))
        buffer >>= 8
        bits -= 8
      }
    }
    return bits > 0 ? bytes + [UInt8(buffer & 0xFF)] : bytes
  }

  @Test func `a code may stand for what it is just about to mean`() throws {
    // a, then 258 = "aa" while it is made, then 259 = "aaa" likewise.
    let compressed = self.codes([(256, 9), (97, 9), (258, 9), (259, 9), (257, 9)])
    #expect(try Decompressor.decompress(compressed[...], limit: 100) == Array("aaaaaa".utf8))
  }

  @Test func `codes grow wider as the table fills, and stop at twelve bits`() throws {
    // Literals only: each makes an entry, until there are 4,096.
    var (sequence, expected) = ([(code: 256, width: 9)], [UInt8]())
    var (highest, width) = (257, 9)
    for index in 0..<5000 {
      let byte = UInt8(truncatingIfNeeded: index &* 7)
      sequence.append((Int(byte), width))
      expected.append(byte)
      if highest + 1 < 1 << width {
        highest += 1
      } else if width < 12 {
        highest += 1
        width += 1
      }
    }
    sequence.append((257, width))
    #expect(try Decompressor.decompress(self.codes(sequence)[...], limit: 5000) == expected)
  }

  @Test func `a code that means nothing yet is refused, and so is more than may come out`() {
    #expect(throws: WireError.badCompression) {
      try Decompressor.decompress(self.codes([(256, 9), (300, 9)])[...], limit: 100)
    }
    #expect(throws: WireError.tooLarge(11, limit: 10)) {
      try Decompressor.decompress(self.codes((0..<20).map { _ in (97, 9) })[...], limit: 10)
    }
  }
}
