import KubernetesModel
import Testing

@testable import KubernetesClient

@Suite struct ExecCredentialTests {
  private let version = "client.authentication.k8s.io/v1"

  private func parsed(_ text: String) throws(CredentialError) -> ExecCredential {
    try ExecCredential(parsing: Array(text.utf8), apiVersion: self.version)
  }

  private func status(_ fields: String) -> String {
    #"{"apiVersion":"\#(self.version)","kind":"ExecCredential","status":{\#(fields)}}"#
  }

  @Test func `a token is good until it expires`() throws {
    let credential = try self.parsed(self.status(#""token":"t","expirationTimestamp":"2026-01-01T00:00:10Z""#))
    #expect(credential.token == "t")
    #expect(credential.clientCertificate == nil)
    let expiration = try #require(Timestamp("2026-01-01T00:00:10Z"))
    #expect(credential.isValid(at: Timestamp(microseconds: expiration.microseconds - 1)))
    #expect(!credential.isValid(at: expiration))
  }

  @Test func `credentials without an expiration are good until they are refused`() throws {
    let credential = try self.parsed(self.status(#""clientCertificateData":"c","clientKeyData":"k""#))
    #expect(credential.clientCertificate == Array("c".utf8))
    #expect(credential.clientKey == Array("k".utf8))
    #expect(credential.isValid(at: Timestamp(seconds: 1 << 40)))
  }

  @Test(arguments: [
    "", "{}", "not json", #"{"apiVersion":"v1","kind":"ExecCredential","status":{"token":"t"}}"#,
    #"{"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential","status":{"token":"t"}}"#,
    #"{"apiVersion":"client.authentication.k8s.io/v1","kind":"Secret","status":{"token":"t"}}"#,
    #"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential"}"#,
    #"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{}}"#,
    #"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"clientKeyData":"k"}}"#,
    #"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"t","expirationTimestamp":"soon"}}"#,
  ])
  func `an answer of no use is refused`(text: String) {
    #expect(throws: CredentialError.self) { try self.parsed(text) }
  }

  @Test func `the plugin is told of the cluster if it wants to know`() {
    var plugin = ExecPlugin(
      apiVersion: self.version, command: "x", arguments: [], environment: [:], installHint: nil,
      providesClusterInfo: false)
    var cluster = ClusterConfiguration(
      server: ServerAddress(isSecure: true, host: "h", port: 6443), origin: "test")
    cluster.serverName = "api"
    #expect(
      ExecCredential.request(for: plugin, cluster: cluster, authorities: Array("CA".utf8))
        == ["apiVersion": .string(self.version), "kind": "ExecCredential", "spec": ["interactive": false]])
    plugin.providesClusterInfo = true
    #expect(
      ExecCredential.request(for: plugin, cluster: cluster, authorities: Array("CA".utf8))
        == [
          "apiVersion": .string(self.version), "kind": "ExecCredential",
          "spec": [
            "interactive": false,
            "cluster": [
              "server": "https://h:6443", "certificate-authority-data": "Q0E=", "tls-server-name": "api",
            ],
          ],
        ])
  }
}
