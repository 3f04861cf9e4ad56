import KubernetesModel
import NIOSSL
import Primitives
import Serving

/// The certificates and tokens of one lab cluster, made anew for each.
package struct ClusterCredentials: Sendable {
  package let authority: CertificateAuthority
  /// The administrator's, for the kubeconfig.
  package let adminIdentity: ServerIdentity
  package let adminToken: String

  package init() throws {
    self.authority = try CertificateAuthority(commonName: "metallb-lab")
    self.adminIdentity = try self.authority.clientIdentity(
      commonName: APIUser.admin.name, organizations: ["system:masters"])
    self.adminToken = Authenticator.makeToken()
  }

  /// Knows the administrator's token; certificates of this authority are known anyway. Plain HTTP carries no certificates,
  /// so that there, whoever reaches the server without credentials may be the administrator.
  package func authenticator(trustsEverybody: Bool = false) -> Authenticator {
    Authenticator(tokens: [self.adminToken: .admin], anonymous: trustsEverybody ? .admin : .anonymous)
  }

  func serverTLS(addresses: [IPAddress]) throws -> TLSConfiguration {
    let names = [
      "localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc",
      "kubernetes.default.svc.cluster.local",
    ]
    let loopback = ["127.0.0.1", "::1"].compactMap { IPAddress($0) }
    let identity = try self.authority.serverIdentity(
      dnsNames: names, addresses: loopback + addresses.filter { !loopback.contains($0) })
    return try identity.serverConfiguration(clientRoots: try self.authority.trustRoots())
  }

  /// A kubeconfig for the administrator: a token over plain HTTP, the certificate over TLS.
  package func kubeconfig(server: String) throws -> String {
    let isSecure = server.hasPrefix("https")
    let ca = Base64.encode(Array(try self.authority.pem().utf8))
    let user: [String] =
      isSecure
      ? [
        "client-certificate-data: \(Base64.encode(Array(self.adminIdentity.certificatePEM.utf8)))",
        "client-key-data: \(Base64.encode(Array(self.adminIdentity.privateKeyPEM.utf8)))",
      ] : ["token: \(self.adminToken)"]
    return """
      apiVersion: v1
      kind: Config
      clusters:
      - name: lab
        cluster:
          server: \(server)\(isSecure ? "\n    certificate-authority-data: \(ca)" : "")
      users:
      - name: lab-admin
        user:
          \(user.joined(separator: "\n    "))
      contexts:
      - name: lab
        context:
          cluster: lab
          user: lab-admin
      current-context: lab

      """
  }
}
