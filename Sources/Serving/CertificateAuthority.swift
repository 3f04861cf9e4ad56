import Crypto
import FoundationEssentials
import NIOSSL
import Primitives
import SwiftASN1
import X509

/// A certificate authority: one made here, or one read from where it is kept.
package struct CertificateAuthority: Sendable {
  private let certificate: Certificate
  private let key: Certificate.PrivateKey

  /// Makes an authority; what it signs is valid from an hour before `now` for as long as it is itself.
  package init(
    commonName: String, organization: String? = nil, now: Date = Date(), lifetime: Duration = .seconds(365 * 86_400)
  ) throws {
    let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
    let name = Self.name(commonName, organizations: [organization].compactMap { $0 })
    self.key = key
    self.certificate = try Certificate(
      version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: key.publicKey,
      notValidBefore: now.addingTimeInterval(-3600),
      notValidAfter: now.addingTimeInterval(Double(lifetime.components.seconds)), issuer: name, subject: name,
      extensions: Certificate.Extensions {
        Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
        Critical(KeyUsage(digitalSignature: true, keyCertSign: true, cRLSign: true))
        SubjectKeyIdentifier(hash: key.publicKey)
      },
      issuerPrivateKey: key)
  }

  /// Reads an authority; its key, of whatever kind, must be that of the certificate.
  package init(certificatePEM: String, privateKeyPEM: String) throws {
    self.certificate = try Certificate(pemEncoded: certificatePEM)
    self.key = try Certificate.PrivateKey(pemEncoded: privateKeyPEM)
    guard self.key.publicKey == self.certificate.publicKey else { throw CertificateBundle.Unusable.authorityKey }
  }

  /// The authority's own certificate, for those who are to trust it.
  package func pem() throws -> String {
    try self.certificate.serializeAsPEM().pemString + "\n"
  }

  /// The authority's key, for where it is kept.
  package func privateKeyPEM() throws -> String {
    try self.key.serializeAsPEM().pemString + "\n"
  }

  package func trustRoots() throws -> NIOSSLTrustRoots {
    .certificates(try NIOSSLCertificate.fromPEMBytes(Array(self.pem().utf8)))
  }

  /// A server's identity for these names and addresses; by default it is valid as long as the authority.
  package func serverIdentity(dnsNames: [String], addresses: [IPAddress] = [], validity: Range<Date>? = nil) throws
    -> ServerIdentity
  {
    let names =
      dnsNames.map { GeneralName.dnsName($0) }
      + addresses.map { GeneralName.ipAddress(ASN1OctetString(contentBytes: $0.octets[...])) }
    return try self.issue(
      subject: Self.name(dnsNames.first ?? addresses.first?.description ?? "server"), usage: [.serverAuth],
      names: names, validity: validity)
  }

  /// A client's identity: user and groups, as an API server reads them.
  package func clientIdentity(commonName: String, organizations: [String] = []) throws -> ServerIdentity {
    try self.issue(
      subject: Self.name(commonName, organizations: organizations), usage: [.clientAuth], names: [], validity: nil)
  }

  private static func name(_ commonName: String, organizations: [String] = []) -> DistinguishedName {
    DistinguishedName(
      organizations.map { RelativeDistinguishedName(.init(type: .RDNAttributeType.organizationName, utf8String: $0)) }
        + [RelativeDistinguishedName(.init(type: .RDNAttributeType.commonName, utf8String: commonName))])
  }

  private func issue(
    subject: DistinguishedName, usage: [ExtendedKeyUsage.Usage], names: [GeneralName], validity: Range<Date>?
  ) throws -> ServerIdentity {
    let key = P256.Signing.PrivateKey()
    let certificate = try Certificate(
      version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: Certificate.PrivateKey(key).publicKey,
      notValidBefore: validity?.lowerBound ?? self.certificate.notValidBefore,
      notValidAfter: min(validity?.upperBound ?? .distantFuture, self.certificate.notValidAfter),
      issuer: self.certificate.subject, subject: subject,
      extensions: Certificate.Extensions {
        Critical(BasicConstraints.notCertificateAuthority)
        Critical(KeyUsage(digitalSignature: true))
        try ExtendedKeyUsage(usage)
        AuthorityKeyIdentifier(keyIdentifier: self.keyIdentifier)
        if !names.isEmpty { SubjectAlternativeNames(names) }
      },
      issuerPrivateKey: self.key)
    return ServerIdentity(
      certificatePEM: try certificate.serializeAsPEM().pemString + "\n", privateKeyPEM: key.pemRepresentation + "\n")
  }

  /// What the authority's certificate says of its key; one made elsewhere may have computed it in another way.
  private var keyIdentifier: ArraySlice<UInt8> {
    let own = try? self.certificate.extensions.subjectKeyIdentifier
    return (own ?? SubjectKeyIdentifier(hash: self.key.publicKey)).keyIdentifier
  }
}
