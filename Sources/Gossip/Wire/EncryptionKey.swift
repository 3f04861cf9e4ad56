import Crypto

/// The AES-256 key that the speakers of a cluster share, derived from the memberlist secret (contract section 12).
///
/// The key is the first 32 bytes of the secret followed by SHA-256 of nothing. That is upstream's quirk, not a hash of
/// the secret; it is kept because the speakers of a mixed cluster must understand each other (Docs/differences.md).
package struct EncryptionKey: Sendable, Hashable {
  /// Always 32 bytes.
  package let bytes: [UInt8]

  /// Takes the content of the secret's file verbatim: a trailing newline counts. Nil if it is empty, which means that the
  /// cluster does not encrypt.
  package init?(secret: some Collection<UInt8>) {
    guard !secret.isEmpty else { return nil }
    self.bytes = Array((Array(secret) + SHA256.hash(data: [UInt8]())).prefix(32))
  }
}
