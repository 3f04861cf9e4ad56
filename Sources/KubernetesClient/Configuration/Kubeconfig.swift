import Yams

/// The content of kubeconfig files: clusters, users and contexts by name, each knowing the file it came from.
///
/// Several files merge as kubectl merges them: the first file to name a cluster, user or context wins with its whole entry,
/// and the first to set `current-context` wins.
struct Kubeconfig: Equatable {
  var currentContext: String?
  var clusters: [String: Entry<Cluster>] = [:]
  var users: [String: Entry<User>] = [:]
  var contexts: [String: Entry<Context>] = [:]
  /// In the order of reading; the first names the whole in messages.
  var files: [String] = []

  /// One named entry, and the file whose directory its relative paths are resolved against.
  struct Entry<Value: Equatable>: Equatable {
    var value: Value
    var file: String
  }

  struct Cluster: Decodable, Equatable {
    var server: String?
    var certificateAuthority: String?
    var certificateAuthorityData: String?
    var insecureSkipTLSVerify: Bool?
    var tlsServerName: String?
    var proxyURL: String?

    enum CodingKeys: String, CodingKey {
      case server
      case certificateAuthority = "certificate-authority"
      case certificateAuthorityData = "certificate-authority-data"
      case insecureSkipTLSVerify = "insecure-skip-tls-verify"
      case tlsServerName = "tls-server-name"
      case proxyURL = "proxy-url"
    }
  }

  struct User: Decodable, Equatable {
    var clientCertificate: String?
    var clientCertificateData: String?
    var clientKey: String?
    var clientKeyData: String?
    var token: String?
    var tokenFile: String?
    var username: String?
    var password: String?
    var impersonate: String?
    var impersonateUID: String?
    var impersonateGroups: [String]?
    var exec: Exec?
    var authProvider: AuthProvider?

    enum CodingKeys: String, CodingKey {
      case clientCertificate = "client-certificate"
      case clientCertificateData = "client-certificate-data"
      case clientKey = "client-key"
      case clientKeyData = "client-key-data"
      case token, tokenFile, username, password, exec
      case impersonate = "as"
      case impersonateUID = "as-uid"
      case impersonateGroups = "as-groups"
      case authProvider = "auth-provider"
    }
  }

  struct AuthProvider: Decodable, Equatable {
    var name: String?
  }

  struct Exec: Decodable, Equatable {
    var apiVersion: String?
    var command: String?
    var args: [String]?
    var env: [Variable]?
    var installHint: String?
    var provideClusterInfo: Bool?

    struct Variable: Decodable, Equatable {
      var name: String
      var value: String
    }
  }

  struct Context: Decodable, Equatable {
    var cluster: String?
    var user: String?
    var namespace: String?
  }

  init() {}

  /// Reads one file's text.
  init(yaml: String, file: String) throws(ConfigurationError) {
    let document: Document?
    do {
      document = try YAMLDecoder().decode(Document?.self, from: yaml)
    } catch {
      throw Self.malformed(file, error)
    }
    self.files = [file]
    self.currentContext = document?.currentContext.flatMap { $0.isEmpty ? nil : $0 }
    self.clusters = Self.entries(document?.clusters?.map { ($0.name, $0.cluster) }, file)
    self.users = Self.entries(document?.users?.map { ($0.name, $0.user) }, file)
    self.contexts = Self.entries(document?.contexts?.map { ($0.name, $0.context) }, file)
  }

  /// Adds what `other`, a file further down the list, defines and this does not.
  mutating func merge(_ other: Kubeconfig) {
    self.currentContext = self.currentContext ?? other.currentContext
    self.clusters.merge(other.clusters) { first, _ in first }
    self.users.merge(other.users) { first, _ in first }
    self.contexts.merge(other.contexts) { first, _ in first }
    self.files += other.files
  }

  private struct Document: Decodable {
    struct NamedCluster: Decodable {
      var name: String
      var cluster: Cluster?
    }
    struct NamedUser: Decodable {
      var name: String
      var user: User?
    }
    struct NamedContext: Decodable {
      var name: String
      var context: Context?
    }
    var currentContext: String?
    var clusters: [NamedCluster]?
    var users: [NamedUser]?
    var contexts: [NamedContext]?

    enum CodingKeys: String, CodingKey {
      case clusters, users, contexts
      case currentContext = "current-context"
    }
  }

  private static func entries<Value>(_ list: [(String, Value?)]?, _ file: String) -> [String: Entry<Value>] {
    var entries: [String: Entry<Value>] = [:]
    for case (let name, let value?) in list ?? [] where entries[name] == nil {
      entries[name] = Entry(value: value, file: file)
    }
    return entries
  }

  private static func malformed(_ file: String, _ error: any Error) -> ConfigurationError {
    func field(_ path: [any CodingKey]) -> String {
      let joined = path.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined()
      return joined.isEmpty ? "the document" : joined.first == "." ? String(joined.dropFirst()) : joined
    }
    switch error {
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
      DecodingError.dataCorrupted(let context):
      let cause = context.underlyingError.map { ": \($0)" } ?? ""
      return .malformed(file: file, field: field(context.codingPath), reason: context.debugDescription + cause)
    case DecodingError.keyNotFound(let key, let context):
      return .malformed(
        file: file, field: field(context.codingPath), reason: "the required field \"\(key.stringValue)\" is missing")
    default:
      return .malformed(file: file, field: "the document", reason: "\(error)")
    }
  }
}
