import Crypto
import FoundationEssentials
import NIOSSL
import Primitives
import SwiftASN1
import X509

/// A certificate authority held in memory, for a cluster that lives as long as its process.
package struct CertificateAuthority: Sendable {
  private let name: DistinguishedName
  private let certificate: Certificate
  private let key: Certificate.PrivateKey
  private let validity: Range<Date>

  /// Makes an authority of its own; what it signs is valid from an hour before `now` for as long as it is itself.
  package init(commonName: String, now: Date = Date(), lifetime: Duration = .seconds(365 * 86_400)) throws {
    let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
    self.name = try DistinguishedName { CommonName(commonName) }
    self.key = key
    self.validity = now.addingTimeInterval(-3600)..<now.addingTimeInterval(Double(lifetime.components.seconds))
    self.certificate = try Certificate(
      version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: self.key.publicKey,
      notValidBefore: self.validity.lowerBound, notValidAfter: self.validity.upperBound,
      issuer: self.name, subject: self.name, signatureAlgorithm: .ecdsaWithSHA256,
      extensions: Certificate.Extensions {
        Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
        Critical(KeyUsage(digitalSignature: true, keyCertSign: true, cRLSign: true))
        SubjectKeyIdentifier(hash: key.publicKey)
      },
      issuerPrivateKey: key)
  }

  /// The authority's own certificate, for those who are to trust it.
  package func pem() throws -> String {
    try self.certificate.serializeAsPEM().pemString + "\n"
  }

  package func trustRoots() throws -> NIOSSLTrustRoots {
    .certificates(try NIOSSLCertificate.fromPEMBytes(Array(self.pem().utf8)))
  }

  /// A server's identity for these names and addresses.
  package func serverIdentity(dnsNames: [String], addresses: [IPAddress]) throws -> ServerIdentity {
    let names =
      dnsNames.map { GeneralName.dnsName($0) }
      + addresses.map { GeneralName.ipAddress(ASN1OctetString(contentBytes: $0.octets[...])) }
    return try self.issue(
      subject: DistinguishedName { CommonName(dnsNames.first ?? addresses.first?.description ?? "server") },
      usage: [.serverAuth], names: names)
  }

  /// A client's identity: user and groups, as an API server reads them.
  package func clientIdentity(commonName: String, organizations: [String] = []) throws -> ServerIdentity {
    let subject = DistinguishedName(
      organizations.map { RelativeDistinguishedName(.init(type: .RDNAttributeType.organizationName, utf8String: $0)) }
        + [RelativeDistinguishedName(.init(type: .RDNAttributeType.commonName, utf8String: commonName))])
    return try self.issue(subject: subject, usage: [.clientAuth], names: [])
  }

  private func issue(subject: DistinguishedName, usage: [ExtendedKeyUsage.Usage], names: [GeneralName]) throws
    -> ServerIdentity
  {
    let key = P256.Signing.PrivateKey()
    let publicKey = Certificate.PrivateKey(key).publicKey
    let certificate = try Certificate(
      version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: publicKey,
      notValidBefore: self.validity.lowerBound, notValidAfter: self.validity.upperBound,
      issuer: self.name, subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
      extensions: Certificate.Extensions {
        Critical(BasicConstraints.notCertificateAuthority)
        Critical(KeyUsage(digitalSignature: true))
        try ExtendedKeyUsage(usage)
        AuthorityKeyIdentifier(keyIdentifier: SubjectKeyIdentifier(hash: self.key.publicKey).keyIdentifier)
        if !names.isEmpty { SubjectAlternativeNames(names) }
      },
      issuerPrivateKey: self.key)
    return ServerIdentity(
      certificatePEM: try certificate.serializeAsPEM().pemString + "\n", privateKeyPEM: key.pemRepresentation + "\n")
  }
}
