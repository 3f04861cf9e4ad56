/// What our speakers tell each other of themselves in the metadata that memberlist carries for each node.
///
/// Words between spaces, the first of which is ours; words that are not known are passed over, so that later versions can
/// add some. Upstream's speakers neither set nor read metadata.
package struct NodeMeta: Sendable, Hashable {
  private static let signature = "metallb-swift"

  /// Whether the node is one of ours, that can be watched closely.
  package var isWatchable: Bool
  /// Whether the node owns no address: it has not come far enough yet, or is about to leave.
  package var isPassive: Bool

  package init(isWatchable: Bool = true, isPassive: Bool = false) {
    self.isWatchable = isWatchable
    self.isPassive = isPassive
  }

  /// Reads any metadata; what is not ours says nothing.
  package init(_ bytes: some Collection<UInt8>) {
    let words = bytes.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
    let isOurs = words.first == Self.signature
    self.init(isWatchable: isOurs && words.contains("watchable"), isPassive: isOurs && words.contains("passive"))
  }

  package var bytes: [UInt8] {
    var words = [Self.signature]
    if self.isWatchable { words.append("watchable") }
    if self.isPassive { words.append("passive") }
    return Array(words.joined(separator: " ").utf8)
  }
}
