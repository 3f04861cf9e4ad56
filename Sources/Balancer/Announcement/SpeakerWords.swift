/// How speakers write what they tell each other in user messages of the gossip: words between spaces, of which the first says
/// that they are ours, as upstream's speakers pass over what they do not know, and the second what it is about.
enum SpeakerWords {
  private static let signature = "metallb-swift"
  /// In bytes: more than the names of one Service and a node can take.
  private static let limit = 1024

  /// What follows the verb; nil = it is something else.
  static func read(_ bytes: some Collection<UInt8>, verb: String) -> [String]? {
    guard bytes.count <= Self.limit else { return nil }
    let words = bytes.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
    return words.starts(with: [Self.signature, verb]) ? Array(words.dropFirst(2)) : nil
  }

  static func write(_ verb: String, _ words: [String]) -> [UInt8] {
    Array(([Self.signature, verb] + words).joined(separator: " ").utf8)
  }
}
