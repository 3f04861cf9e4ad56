/// Names of pools and BFD profiles, which were free text in the ConfigMap, as names that objects may bear (contract
/// section 17).
enum LegacyName {
  /// There is no letter that a name could begin with; the sentence is upstream's.
  struct Failure: Error, Hashable, CustomStringConvertible {
    var kind: String
    var name: String

    var description: String { "failed to make \(self.kind) K8S compatible: \(self.name)" }
  }

  /// The name itself if an object may bear it; else cut to 63 bytes, in lower case, with dashes for underscores, from the
  /// first letter on. `kind` is for the sentence.
  static func fitting(_ name: String, kind: String) throws(Failure) -> String {
    if Self.fits(name) { return name }
    let text = String(decoding: name.utf8.prefix(63), as: UTF8.self).lowercased().map { $0 == "_" ? "-" : $0 }
    guard let start = text.firstIndex(where: { ("a"..."z").contains($0) }) else {
      throw Failure(kind: kind, name: name)
    }
    return String(text[start...])
  }

  /// Two to 63 small letters, digits and dashes, a letter first and no dash last.
  private static func fits(_ name: String) -> Bool {
    let bytes = Array(name.utf8)
    guard (2...63).contains(bytes.count), let first = bytes.first, let last = bytes.last else { return false }
    func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }
    func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
    return isLetter(first) && (isLetter(last) || isDigit(last))
      && bytes.allSatisfy { isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "-") }
  }
}
