import NIOSSL

/// What an operator allows TLS to be: the flags `--tls-min-version`, `--tls-cipher-suites` and `--tls-curve-preferences`
/// (contract section 2.1).
package struct TLSProfile: Sendable, Hashable {
  private var requiresTLS13 = true
  /// Of TLS 1.2; empty = the library's choice.
  private var ciphers: [NIOTLSCipher] = []
  /// Empty = the library's choice.
  private var curves: [NIOTLSCurve] = []

  /// TLS 1.3, with everything else left to the library.
  package init() {}

  /// Why flags make no profile.
  package enum Refusal: Error, Sendable, Hashable, CustomStringConvertible {
    case version(String)
    case ciphersWithTLS13
    case cipher(String)
    case curve(String)

    package var description: String {
      switch self {
      case .version(let text):
        "--tls-min-version \"\(text)\" is not known: use VersionTLS12 or VersionTLS13."
      case .ciphersWithTLS13:
        "cipher suites cannot be configured with TLS 1.3"
      case .cipher(let text):
        "Cipher suite \(text) not supported or doesn't exist. --tls-cipher-suites knows: "
          + TLSProfile.cipherSuites.keys.sorted().joined(separator: ", ")
      case .curve(let text):
        "--tls-curve-preferences: \"\(text)\" is not the number of a curve that is supported: use "
          + TLSProfile.curveNumbers.map { "\($0.key) (\($0.value.name))" }.sorted().joined(separator: ", ") + "."
      }
    }
  }

  /// Reads the flags; empty = not given.
  package init(minimumVersion: String, cipherSuites: String, curvePreferences: String) throws(Refusal) {
    switch minimumVersion {
    case "", "VersionTLS13": self.requiresTLS13 = true
    case "VersionTLS12": self.requiresTLS13 = false
    default: throw .version(minimumVersion)
    }
    let names = Self.items(cipherSuites)
    if self.requiresTLS13, !names.isEmpty { throw .ciphersWithTLS13 }
    for name in names {
      guard let cipher = Self.cipherSuites[name] else { throw .cipher(name) }
      self.ciphers.append(cipher)
    }
    for number in Self.items(curvePreferences) {
      guard let curve = UInt16(number).flatMap({ Self.curveNumbers[$0] }) else { throw .curve(number) }
      self.curves.append(curve.curve)
    }
  }

  package func apply(to configuration: inout TLSConfiguration) {
    configuration.minimumTLSVersion = self.requiresTLS13 ? .tlsv13 : .tlsv12
    if !self.ciphers.isEmpty { configuration.cipherSuiteValues = self.ciphers }
    if !self.curves.isEmpty { configuration.curves = self.curves }
  }

  private static func items(_ list: String) -> [String] {
    list.split(separator: ",").map { $0.filter { $0 != " " } }.filter { !$0.isEmpty }
  }

  /// By their IANA names, which are Go's.
  private static let cipherSuites: [String: NIOTLSCipher] = [
    "TLS_RSA_WITH_AES_128_CBC_SHA": .TLS_RSA_WITH_AES_128_CBC_SHA,
    "TLS_RSA_WITH_AES_256_CBC_SHA": .TLS_RSA_WITH_AES_256_CBC_SHA,
    "TLS_RSA_WITH_AES_128_GCM_SHA256": .TLS_RSA_WITH_AES_128_GCM_SHA256,
    "TLS_RSA_WITH_AES_256_GCM_SHA384": .TLS_RSA_WITH_AES_256_GCM_SHA384,
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA": .TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA,
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA": .TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA,
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA": .TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA": .TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA,
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256": .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384": .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256": .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384": .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256": .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256": .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
  ]

  /// By the numbers of the IANA registry, which are Go's CurveIDs.
  private static let curveNumbers: [UInt16: (curve: NIOTLSCurve, name: String)] = [
    23: (.secp256r1, "P-256"), 24: (.secp384r1, "P-384"), 25: (.secp521r1, "P-521"), 29: (.x25519, "X25519"),
    4588: (.x25519_MLKEM768, "X25519MLKEM768"),
  ]
}
