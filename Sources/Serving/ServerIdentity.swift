import FoundationEssentials
import NIOSSL
import X509

/// A certificate chain with its private key, in PEM: what one end of a TLS connection presents.
package struct ServerIdentity: Sendable, Hashable {
  package var certificatePEM: String
  package var privateKeyPEM: String

  package init(certificatePEM: String, privateKeyPEM: String) {
    self.certificatePEM = certificatePEM
    self.privateKeyPEM = privateKeyPEM
  }

  /// When the server's own certificate, the first of the chain, expires; nil = it cannot be read.
  package var expiry: Date? { (try? Certificate(pemEncoded: self.certificatePEM))?.notValidAfter }

  /// TLS for a server; with `clientRoots`, a client may present a certificate, which must then lead to one of them.
  package func serverConfiguration(clientRoots: NIOSSLTrustRoots? = nil) throws -> TLSConfiguration {
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: try NIOSSLCertificate.fromPEMBytes(Array(self.certificatePEM.utf8)).map { .certificate($0) },
      privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(self.privateKeyPEM.utf8), format: .pem)))
    configuration.minimumTLSVersion = .tlsv12
    configuration.applicationProtocols = ["http/1.1"]
    if let clientRoots {
      configuration.trustRoots = clientRoots
      configuration.certificateVerification = .optionalVerification
    }
    return configuration
  }
}
