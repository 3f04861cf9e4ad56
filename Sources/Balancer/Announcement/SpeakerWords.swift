/// How speakers write what they tell each other in user messages of the gossip: words between spaces, of which the first says
/// that they are ours, as upstream's speakers pass over what they do not know, and the second what it is about.
enum SpeakerWords {
  private static let signature = "metallb-swift"
  /// In bytes: more than the names of one Service and a node can take.
  private static let limit = 1024
  /// In bytes, what is told together of several Services: it fits the smallest datagrams that the gossip can be set to.
  private static let companySize = 400

  /// What follows the verb; nil = it is something else.
  static func read(_ bytes: some Collection<UInt8>, verb: String) -> [String]? {
    guard bytes.count <= Self.limit else { return nil }
    let words = bytes.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
    return words.starts(with: [Self.signature, verb]) ? Array(words.dropFirst(2)) : nil
  }

  static func write(_ verb: String, _ words: [String]) -> [UInt8] {
    Array(([Self.signature, verb] + words).joined(separator: " ").utf8)
  }

  /// Those that are told of together, each with a word; `size` = of what else is in each message.
  static func companies<Subject>(
    of subjects: [Subject], besides size: Int, word: (Subject) -> String
  ) -> [[Subject]] {
    var companies: [[Subject]] = []
    var room = 0
    for subject in subjects {
      let needed = word(subject).utf8.count + 1
      if companies.isEmpty || needed > room {
        companies.append([])
        room = Self.companySize - size
      }
      companies[companies.count - 1].append(subject)
      room -= needed
    }
    return companies
  }
}
