import KubernetesModel

/// What a node that announces Services, and follows the cluster's objects, tells another one that announces them, too: by what
/// is written there, they are not the other one's (Docs/decisions/0027-who-sees-is-right.md).
///
/// It travels as a user message of the gossip.
package struct ObjectionNotice: Sendable, Hashable {
  private static let verb = "objects"

  /// Who says so.
  package var node: String
  package var services: [ObjectKey]

  package init(node: String, services: [ObjectKey]) {
    self.node = node
    self.services = services
  }

  /// The Service that all of it is about, if it is one alone.
  var soleService: ObjectKey? { self.services.count == 1 ? self.services.first : nil }

  /// All of them in as few notices as can be sent.
  static func notices(from node: String, about services: [ObjectKey]) -> [ObjectionNotice] {
    let empty = ObjectionNotice(node: node, services: [])
    return SpeakerWords.companies(of: services, besides: empty.bytes.count) { $0.description }
      .map { ObjectionNotice(node: node, services: $0) }
  }

  /// Nil = it is something else.
  package init?(_ bytes: some Collection<UInt8>) {
    guard let words = SpeakerWords.read(bytes, verb: Self.verb), words.count > 1 else { return nil }
    self.init(node: words[0], services: [])
    for word in words[1...] {
      guard let service = ObjectKey(text: word) else { return nil }
      self.services.append(service)
    }
  }

  package var bytes: [UInt8] { SpeakerWords.write(Self.verb, [self.node] + self.services.map(\.description)) }
}
