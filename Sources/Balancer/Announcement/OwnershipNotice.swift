import KubernetesModel

/// What a node that announces a Service tells another one that does, too, or may: under which term it has claimed it, 0 if
/// it has not and asks for the other's.
///
/// It travels as a user message of the gossip, in words between spaces; upstream's speakers pass those over.
package struct OwnershipNotice: Sendable, Hashable {
  private static let signature = ["metallb-swift", "owns"]

  package var service: ObjectKey
  package var node: String
  package var term: Int

  package init(service: ObjectKey, node: String, term: Int) {
    self.service = service
    self.node = node
    self.term = term
  }

  /// Nil = it is something else.
  package init?(_ bytes: some Collection<UInt8>) {
    // Two names of Kubernetes objects and a node's, and a number.
    guard bytes.count <= 1024 else { return nil }
    let words = bytes.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
    guard words.count == 6, Array(words[..<2]) == Self.signature, let term = Int(words[5]), term >= 0 else {
      return nil
    }
    self.init(service: ObjectKey(namespace: words[2], name: words[3]), node: words[4], term: term)
  }

  package var bytes: [UInt8] {
    let words = Self.signature + [self.service.namespace, self.service.name, self.node, String(self.term)]
    return Array(words.joined(separator: " ").utf8)
  }
}
