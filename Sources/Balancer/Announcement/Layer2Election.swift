import Crypto
import Primitives

/// The election of the one node that answers for an address on the local network (contract section 11.1).
///
/// It is stateless: every speaker orders the candidates by SHA-256 over `node#address` and the first is the owner, so
/// speakers that see the same candidates agree without talking, those of the original implementation included.
package enum Layer2Election {
  /// The place of one node in the order for one address; smaller comes first.
  package struct Rank: Sendable, Hashable, Comparable {
    /// The 32 bytes of the digest as four numbers, most significant first: their order is that of the raw bytes.
    private let words: (UInt64, UInt64, UInt64, UInt64)

    package init(of node: String, for address: IPAddress) {
      let text = "\(node)#\(address)"
      let digest = Array(text.utf8).withUnsafeBytes { SHA256.hash(data: $0) }
      self.words = digest.withUnsafeBytes { bytes in
        func word(_ index: Int) -> UInt64 {
          UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
        }
        return (word(0), word(1), word(2), word(3))
      }
    }

    package static func == (left: Rank, right: Rank) -> Bool { left.words == right.words }

    package static func < (left: Rank, right: Rank) -> Bool { left.words < right.words }

    package func hash(into hasher: inout Hasher) { hasher.combine(self.words.0) }

    /// A place to begin a search at that differs from address to address.
    package func spread(over count: Int) -> Int { count > 0 ? Int(self.words.3 % UInt64(count)) : 0 }
  }

  /// The owner of an address; nil if there is no candidate.
  package static func owner(of address: IPAddress, among candidates: some Sequence<String>) -> String? {
    candidates.map { (rank: Rank(of: $0, for: address), node: $0) }
      .min { ($0.rank, $0.node) < ($1.rank, $1.node) }?.node
  }
}
