import SwiftASN1
import X509

/// What a client's certificate says of it: the user in its common name, the groups in its organizations.
package struct PeerCertificate: Sendable, Hashable {
  package var commonName: String?
  package var organizations: [String]

  package init(commonName: String?, organizations: [String]) {
    self.commonName = commonName
    self.organizations = organizations
  }

  init(derBytes: [UInt8]) throws {
    let subject = try Certificate(derEncoded: derBytes).subject
    self.init(commonName: nil, organizations: [])
    for attribute in subject.flatMap({ $0 }) {
      let value = String(describing: attribute.value)
      if attribute.type == .RDNAttributeType.commonName { self.commonName = value }
      if attribute.type == .RDNAttributeType.organizationName { self.organizations.append(value) }
    }
  }
}
