import FoundationEssentials
import KubernetesModel

/// What a credential plugin prints: a token, a client certificate, or both, and until when they are good.
struct ExecCredential: Equatable {
  static let versions = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"]

  var token: String?
  var clientCertificate: [UInt8]?
  var clientKey: [UInt8]?
  /// nil = for as long as the server accepts them.
  var expiration: Timestamp?

  private struct Document: Decodable {
    struct Status: Decodable {
      var token: String?
      var clientCertificateData: String?
      var clientKeyData: String?
      var expirationTimestamp: Timestamp?
    }
    var apiVersion: String?
    var kind: String?
    var status: Status?
  }

  /// Reads the answer of a plugin that was asked for `apiVersion`.
  init(parsing output: [UInt8], apiVersion: String) throws(CredentialError) {
    let document: Document
    do {
      document = try JSONDecoder().decode(Document.self, from: Data(output))
    } catch {
      throw .pluginAnswer("it does not print an ExecCredential: \(DecodingFailure(error))")
    }
    guard document.kind == "ExecCredential" else {
      throw .pluginAnswer("it prints kind \"\(document.kind ?? "")\", not \"ExecCredential\"")
    }
    guard document.apiVersion == apiVersion else {
      throw .pluginAnswer("it prints apiVersion \"\(document.apiVersion ?? "")\", not \"\(apiVersion)\" as asked")
    }
    guard let status = document.status else { throw .pluginAnswer("it prints no status") }
    self.token = status.token.flatMap { $0.isEmpty ? nil : $0 }
    self.clientCertificate = status.clientCertificateData.flatMap { $0.isEmpty ? nil : Array($0.utf8) }
    self.clientKey = status.clientKeyData.flatMap { $0.isEmpty ? nil : Array($0.utf8) }
    self.expiration = status.expirationTimestamp
    if (self.clientCertificate == nil) != (self.clientKey == nil) {
      throw .pluginAnswer("it prints only one of clientCertificateData and clientKeyData")
    }
    if self.token == nil && self.clientCertificate == nil {
      throw .pluginAnswer("it prints neither a token nor a client certificate")
    }
  }

  /// Whether the credentials are still good at `time`.
  func isValid(at time: Timestamp) -> Bool {
    self.expiration.map { time < $0 } ?? true
  }

  /// The document that the plugin finds in KUBERNETES_EXEC_INFO.
  static func request(for plugin: ExecPlugin, cluster: ClusterConfiguration, authorities: [UInt8]?) -> JSONValue {
    var spec: JSONValue = ["interactive": false]
    if plugin.providesClusterInfo {
      var info: JSONValue = ["server": .string(cluster.server.description)]
      if let authorities { info["certificate-authority-data"] = .string(Data(authorities).base64EncodedString()) }
      if let name = cluster.serverName { info["tls-server-name"] = .string(name) }
      if cluster.skipsVerification { info["insecure-skip-tls-verify"] = true }
      spec["cluster"] = info
    }
    return ["apiVersion": .string(plugin.apiVersion), "kind": "ExecCredential", "spec": spec]
  }
}

/// Why there are no credentials to show.
package enum CredentialError: Error, Hashable, CustomStringConvertible {
  case unreadable(file: String, reason: String)
  case certificate(String)
  case pluginStart(command: String, reason: String, hint: String?)
  case pluginExit(command: String, status: Int32, stderr: String)
  case pluginAnswer(String)

  package var description: String {
    switch self {
    case .unreadable(let file, let reason): "cannot read \(file): \(reason)"
    case .certificate(let reason): reason
    case .pluginStart(let command, let reason, let hint):
      "cannot start the credential plugin \(command): \(reason)\(hint.map { "; \($0)" } ?? "")"
    case .pluginExit(let command, let status, let stderr):
      "the credential plugin \(command) failed with exit code \(status): \(stderr)"
    case .pluginAnswer(let reason): "the credential plugin is of no use: \(reason)"
    }
  }
}
