import NIOCore
import NIOSSL
import Primitives
import X509

/// The proof that a server that is known by its address, and reached by way of a proxy, is the one that was meant.
///
/// TLS holds a certificate against the address at the other end of the connection, which is that of the proxy. So TLS is
/// left to see whether the certificate comes from the authority, and this whether it is made out to the server's address,
/// before anything is asked.
struct AddressProof: Sendable {
  private let address: IPAddress

  /// Nil = TLS needs no help: there is no proxy, or a name, or nothing is to be proven.
  init?(for configuration: ClusterConfiguration) {
    guard configuration.proxy != nil, configuration.server.isSecure, configuration.serverName == nil,
      !configuration.skipsVerification, let address = IPAddress(configuration.server.host)
    else { return nil }
    self.address = address
  }

  /// Fails, and closes the connection, if the server at its end is another.
  func demand(of channel: any Channel) -> EventLoopFuture<Void> {
    channel.nioSSL_peerCertificate().flatMapThrowing { certificate in
      guard let certificate, self.isGiven(by: try certificate.toDERBytes()) else {
        throw APIError.unreachable(
          "its certificate is not made out to \(self.address); if it has a name, set tls-server-name to that")
      }
    }.flatMapErrorThrowing { error in
      channel.close(promise: nil)
      throw error
    }
  }

  /// Whether a certificate in DER is made out to the address.
  func isGiven(by certificate: [UInt8]) -> Bool {
    let names = try? Certificate(derEncoded: certificate).extensions.subjectAlternativeNames
    return (names ?? SubjectAlternativeNames()).contains { name in
      if case .ipAddress(let octets) = name { Array(octets.bytes) == self.address.octets } else { false }
    }
  }
}
