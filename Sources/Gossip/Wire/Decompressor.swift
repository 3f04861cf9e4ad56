/// LZW as Go's `compress/lzw` writes it: codes of 9 to 12 bits, least significant bit first, literals of 8 bits.
///
/// Only reading: what we send is small, and memberlist takes it uncompressed as well.
enum Decompressor {
  private static let clear = 256
  private static let end = 257
  private static let widest = 12

  /// Reads up to the end code, or to the end of the bytes where a writer left it out; `limit` bounds what comes out.
  static func decompress(_ compressed: ArraySlice<UInt8>, limit: Int) throws(WireError) -> [UInt8] {
    var output: [UInt8] = []
    // A code beyond the literals stands for what the code `prefix` stands for, and one byte more.
    var prefixes = [UInt16](repeating: 0, count: 1 << Self.widest)
    var suffixes = [UInt8](repeating: 0, count: 1 << Self.widest)
    var (highest, width) = (Self.end, 9)
    var last: Int?
    var (buffer, bufferedBits) = (UInt32(0), 0)
    var expansion: [UInt8] = []

    for byte in compressed {
      buffer |= UInt32(byte) << UInt32(bufferedBits)
      bufferedBits += 8
      guard bufferedBits >= width else { continue }
      let code = Int(buffer & (1 << UInt32(width) - 1))
      buffer >>= UInt32(width)
      bufferedBits -= width

      if code == Self.end { return output }
      if code == Self.clear {
        (highest, width, last) = (Self.end, 9, nil)
        continue
      }
      guard code <= highest else { throw .badCompression }
      expansion.removeAll(keepingCapacity: true)
      var step = code
      if code == highest, code > Self.end, let last {
        // The code that is being made: what came last, and its own first byte once more.
        step = last
        expansion.append(Self.firstByte(of: last, prefixes))
      }
      while step > Self.end {
        expansion.append(suffixes[step])
        step = Int(prefixes[step])
      }
      guard step < Self.clear else { throw .badCompression }
      let first = UInt8(step)
      expansion.append(first)
      guard output.count + expansion.count <= limit else {
        throw .tooLarge(output.count + expansion.count, limit: limit)
      }
      output.append(contentsOf: expansion.reversed())
      if let last {
        suffixes[highest] = first
        prefixes[highest] = UInt16(last)
      }

      if highest + 1 < 1 << width {
        (last, highest) = (code, highest + 1)
      } else if width < Self.widest {
        (last, highest, width) = (code, highest + 1, width + 1)
      } else {
        // The table is full: nothing is added until it is cleared.
        last = nil
      }
    }
    return output
  }

  private static func firstByte(of code: Int, _ prefixes: [UInt16]) -> UInt8 {
    var step = code
    while step > Self.end { step = Int(prefixes[step]) }
    return UInt8(truncatingIfNeeded: step)
  }
}
