import KubernetesModel

/// What a node says to another one of Services that both announce, or may: whether it does, and under which term it has
/// claimed them.
///
/// It travels as a user message of the gossip.
package struct OwnershipNotice: Sendable, Hashable {
  /// How a node stands to a Service.
  package enum Stance: Sendable, Hashable {
    /// It announces the Service, which it has claimed under this term; 0 = it has not, and asks for the other's.
    case announces(term: Int)
    /// It does not announce it, and need not be told any more.
    case leaves
  }

  private static let verb = "stands"

  package var node: String
  package var stances: [ObjectKey: Stance]

  package init(node: String, stances: [ObjectKey: Stance]) {
    self.node = node
    self.stances = stances
  }

  /// The Service that all of it is about, if it is one alone.
  var soleService: ObjectKey? { self.stances.count == 1 ? self.stances.keys.first : nil }

  /// All of them in as few notices as can be sent.
  static func notices(from node: String, of stances: [ObjectKey: Stance]) -> [OwnershipNotice] {
    let empty = OwnershipNotice(node: node, stances: [:])
    let sorted = stances.sorted { $0.key < $1.key }
    return SpeakerWords.companies(of: sorted, besides: empty.bytes.count) { Self.word($0.key, $0.value) }.map {
      OwnershipNotice(node: node, stances: Dictionary(uniqueKeysWithValues: $0.map { ($0.key, $0.value) }))
    }
  }

  // MARK: Bytes

  /// Nil = it is something else.
  package init?(_ bytes: some Collection<UInt8>) {
    guard let words = SpeakerWords.read(bytes, verb: Self.verb), words.count > 1 else { return nil }
    self.init(node: words[0], stances: [:])
    for word in words[1...] {
      guard let (key, stance) = Self.stance(in: word) else { return nil }
      self.stances[key] = stance
    }
  }

  package var bytes: [UInt8] {
    let stances = self.stances.sorted { $0.key < $1.key }.map { Self.word($0.key, $0.value) }
    return SpeakerWords.write(Self.verb, [self.node] + stances)
  }

  /// `default/mail=12`, or `default/mail=-`.
  private static func word(_ key: ObjectKey, _ stance: Stance) -> String {
    switch stance {
    case .announces(let term): "\(key)=\(term)"
    case .leaves: "\(key)=-"
    }
  }

  private static func stance(in word: String) -> (ObjectKey, Stance)? {
    guard let equals = word.lastIndex(of: "="), let key = ObjectKey(text: String(word[..<equals])) else { return nil }
    let value = word[word.index(after: equals)...]
    if value == "-" { return (key, .leaves) }
    guard let term = Int(value), term >= 0 else { return nil }
    return (key, .announces(term: term))
  }
}
