import FoundationEssentials
import NIOSSL
import X509

/// A server's identity and the authority that signed it, as they are kept together.
package struct CertificateBundle: Sendable, Hashable {
  package var authorityCertificatePEM: String
  /// Empty = the authority's key is kept elsewhere.
  package var authorityPrivateKeyPEM: String
  package var server: ServerIdentity

  package init(authorityCertificatePEM: String, authorityPrivateKeyPEM: String, server: ServerIdentity) {
    self.authorityCertificatePEM = authorityCertificatePEM
    self.authorityPrivateKeyPEM = authorityPrivateKeyPEM
    self.server = server
  }

  /// Why a bundle cannot serve.
  package enum Unusable: Error, Sendable, Hashable, CustomStringConvertible {
    case authority(String)
    case authorityKey
    case certificate(String)
    case key(String)
    case otherKey
    case otherAuthority

    package var description: String {
      switch self {
      case .authority(let reason): "ca.crt is no certificate: \(reason)"
      case .authorityKey: "ca.key is not the key of ca.crt"
      case .certificate(let reason): "tls.crt is no certificate: \(reason)"
      case .key(let reason): "tls.key is no private key: \(reason)"
      case .otherKey: "tls.key is not the key of tls.crt"
      case .otherAuthority: "tls.crt is not signed by ca.crt"
      }
    }
  }

  /// What a bundle's certificates say.
  package struct Facts: Sendable, Hashable {
    package var authorityValidity: Range<Date>
    package var serverValidity: Range<Date>
    package var names: Set<String>
    package var authorityCanSign: Bool
  }

  /// Makes an authority and a server's identity by it.
  package static func make(
    authority: String, organization: String, dnsName: String, now: Date, lifetime: Duration
  ) throws -> CertificateBundle {
    let authority = try CertificateAuthority(
      commonName: authority, organization: organization, now: now, lifetime: lifetime)
    return CertificateBundle(
      authorityCertificatePEM: try authority.pem(), authorityPrivateKeyPEM: try authority.privateKeyPEM(),
      server: try authority.serverIdentity(dnsNames: [dnsName]))
  }

  /// The same authority with a new server's identity.
  package func renewingServer(dnsName: String, now: Date, lifetime: Duration) throws -> CertificateBundle {
    let authority = try CertificateAuthority(
      certificatePEM: self.authorityCertificatePEM, privateKeyPEM: self.authorityPrivateKeyPEM)
    var renewed = self
    renewed.server = try authority.serverIdentity(
      dnsNames: [dnsName],
      validity: now.addingTimeInterval(-3600)..<now.addingTimeInterval(Double(lifetime.components.seconds)))
    return renewed
  }

  /// Reads the certificates, and makes sure that they belong together and can serve.
  package func facts() throws(Unusable) -> Facts {
    let authority = try Self.read(self.authorityCertificatePEM) { .authority($0) }
    let certificate = try Self.read(self.server.certificatePEM) { .certificate($0) }
    let key: Certificate.PrivateKey
    do {
      key = try Certificate.PrivateKey(pemEncoded: self.server.privateKeyPEM)
      _ = try self.server.serverConfiguration()
    } catch {
      throw .key("\(error)")
    }
    guard key.publicKey == certificate.publicKey else { throw .otherKey }
    guard authority.publicKey.isValidSignature(certificate.signature, for: certificate) else { throw .otherAuthority }
    var names: Set<String> = []
    for name in (try? certificate.extensions.subjectAlternativeNames) ?? SubjectAlternativeNames() {
      if case .dnsName(let text) = name { names.insert(text) }
    }
    let signer = try? CertificateAuthority(
      certificatePEM: self.authorityCertificatePEM, privateKeyPEM: self.authorityPrivateKeyPEM)
    return Facts(
      authorityValidity: Self.validity(of: authority), serverValidity: Self.validity(of: certificate), names: names,
      authorityCanSign: signer != nil)
  }

  private static func read(_ pem: String, _ failure: (String) -> Unusable) throws(Unusable) -> Certificate {
    do {
      return try Certificate(pemEncoded: pem)
    } catch {
      throw failure("\(error)")
    }
  }

  /// A certificate that ends before it begins is valid at no time.
  private static func validity(of certificate: Certificate) -> Range<Date> {
    certificate.notValidBefore..<max(certificate.notValidBefore, certificate.notValidAfter)
  }
}
