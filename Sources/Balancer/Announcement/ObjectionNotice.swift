import KubernetesModel

/// What a node that announces a Service, and follows the cluster's objects, tells another one that announces it, too: by what
/// is written there, the other one may not (Docs/decisions/0027-who-sees-is-right.md).
///
/// It travels as a user message of the gossip.
package struct ObjectionNotice: Sendable, Hashable {
  private static let verb = "objects"

  package var service: ObjectKey
  /// Who says so.
  package var node: String

  package init(service: ObjectKey, node: String) {
    self.service = service
    self.node = node
  }

  /// Nil = it is something else.
  package init?(_ bytes: some Collection<UInt8>) {
    guard let words = SpeakerWords.read(bytes, verb: Self.verb), words.count == 3 else { return nil }
    self.init(service: ObjectKey(namespace: words[0], name: words[1]), node: words[2])
  }

  package var bytes: [UInt8] {
    SpeakerWords.write(Self.verb, [self.service.namespace, self.service.name, self.node])
  }
}
