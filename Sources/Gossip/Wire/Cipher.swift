import Crypto

/// AES-GCM over datagrams and streams: version, nonce, cipher text and tag.
struct Cipher: Sendable {
  /// What encryption adds to a datagram.
  static let overhead = 1 + 12 + 16

  private let key: SymmetricKey

  init(_ key: EncryptionKey) {
    self.key = SymmetricKey(data: key.bytes)
  }

  /// Encrypts as version 1, without padding. No two calls may get the same nonce.
  func seal(_ plain: [UInt8], nonce: Nonce, authenticating header: [UInt8] = []) -> [UInt8] {
    guard let cryptoNonce = try? AES.GCM.Nonce(data: nonce.bytes),
      let box = try? AES.GCM.seal(plain, using: self.key, nonce: cryptoNonce, authenticating: header)
    else { preconditionFailure("a nonce of 12 bytes and a key of 32 always fit") }
    return [1] + nonce.bytes + box.ciphertext + box.tag
  }

  func open(_ sealed: ArraySlice<UInt8>, authenticating header: [UInt8] = []) throws(WireError) -> [UInt8] {
    guard let version = sealed.first else { throw .truncated }
    guard version <= 1 else { throw .unknownEncryption(version: version) }
    guard let box = try? AES.GCM.SealedBox(combined: sealed.dropFirst()),
      let plain = try? AES.GCM.open(box, using: self.key, authenticating: header)
    else { throw .undecryptable }
    guard version == 0 else { return Array(plain) }
    // Version 0 pads to whole blocks; the last byte tells by how many (PKCS #7).
    guard let padding = plain.last, padding <= 16, plain.count >= Int(padding) else { throw .undecryptable }
    return Array(plain.dropLast(Int(padding)))
  }
}

/// A number used once: 96 random bits for one encryption.
package struct Nonce: Sendable, Hashable {
  let bytes: [UInt8]

  /// The generator must be one for secrets.
  package init(using generator: inout some RandomNumberGenerator) {
    let (high, low) = (generator.next() as UInt64, generator.next() as UInt32)
    var bytes: [UInt8] = []
    bytes.append(bigEndian: high)
    bytes.append(bigEndian: low)
    self.bytes = bytes
  }
}
