import FoundationEssentials

extension Kubeconfig {
  /// The configuration that a context describes; nil = the current one. A cluster and a user that are named take the place
  /// of the context's, as kubectl has it, and need no context then.
  func resolved(
    context name: String?, cluster namedCluster: String? = nil, user namedUser: String? = nil
  ) throws(ConfigurationError) -> ClusterConfiguration {
    let file = self.files.first ?? "kubeconfig"
    let name = name ?? self.currentContext
    if name == nil, let namedCluster {
      return try self.resolved(
        Entry(value: Context(cluster: namedCluster, user: namedUser), file: file), named: "--cluster")
    }
    guard let name else {
      throw .missing(
        file: file, field: "current-context",
        remedy: "set it (kubectl config use-context), or name a context; there are \(Self.names(self.contexts))")
    }
    guard var context = self.contexts[name] else {
      throw .missing(
        file: file, field: "contexts[\(name)]", remedy: "define it, or use one of \(Self.names(self.contexts))")
    }
    context.value.cluster = namedCluster ?? context.value.cluster
    context.value.user = namedUser ?? context.value.user
    return try self.resolved(context, named: name)
  }

  private func resolved(
    _ context: Entry<Context>, named name: String
  ) throws(ConfigurationError) -> ClusterConfiguration {
    guard let clusterName = context.value.cluster, let cluster = self.clusters[clusterName] else {
      throw .missing(
        file: context.file, field: "clusters[\(context.value.cluster ?? "")], which context \"\(name)\" names,",
        remedy: "define it, or let the context name one of \(Self.names(self.clusters))")
    }
    var configuration = try Self.clusterPart(cluster, named: clusterName)
    configuration.namespace = context.value.namespace.flatMap { $0.isEmpty ? nil : $0 }
    if let userName = context.value.user, !userName.isEmpty {
      guard let user = self.users[userName] else {
        throw .missing(
          file: context.file, field: "users[\(userName)], which context \"\(name)\" names,",
          remedy: "define it, or let the context name one of \(Self.names(self.users))")
      }
      try Self.addUserPart(user, named: userName, to: &configuration)
    }
    return configuration
  }

  private static func clusterPart(
    _ entry: Entry<Cluster>, named name: String
  ) throws(ConfigurationError) -> ClusterConfiguration {
    let cluster = entry.value
    let field = "clusters[\(name)].cluster"
    guard let text = cluster.server, !text.isEmpty else {
      throw .missing(file: entry.file, field: "\(field).server", remedy: "set it to the URL of the API server")
    }
    guard let server = ServerAddress(text) else {
      throw .malformed(
        file: entry.file, field: "\(field).server", reason: "\"\(text)\" is not a URL such as https://192.0.2.1:6443")
    }
    var configuration = ClusterConfiguration(server: server, origin: entry.file)
    configuration.authorities = try Self.pem(
      data: cluster.certificateAuthorityData, path: cluster.certificateAuthority, file: entry.file,
      field: "\(field).certificate-authority")
    configuration.skipsVerification = cluster.insecureSkipTLSVerify ?? false
    if configuration.skipsVerification && configuration.authorities != nil {
      throw .malformed(
        file: entry.file, field: "\(field).insecure-skip-tls-verify",
        reason: "it contradicts certificate-authority; keep one of the two")
    }
    configuration.serverName = cluster.tlsServerName.flatMap { $0.isEmpty ? nil : $0 }
    if let text = cluster.proxyURL, !text.isEmpty {
      guard let proxy = ServerAddress(text), !proxy.isSecure, text.hasPrefix("http://") else {
        throw .unsupported(
          file: entry.file, field: "\(field).proxy-url \"\(text)\"", remedy: "use an http:// proxy, or none")
      }
      configuration.proxy = proxy
    }
    return configuration
  }

  private static func addUserPart(
    _ entry: Entry<User>, named name: String, to configuration: inout ClusterConfiguration
  ) throws(ConfigurationError) {
    let user = entry.value
    let field = "users[\(name)].user"
    let chain = try Self.pem(
      data: user.clientCertificateData, path: user.clientCertificate, file: entry.file,
      field: "\(field).client-certificate")
    let key = try Self.pem(
      data: user.clientKeyData, path: user.clientKey, file: entry.file, field: "\(field).client-key")
    switch (chain, key) {
    case (let chain?, let key?): configuration.clientCertificate = ClientCertificate(chain: chain, key: key)
    case (_?, nil):
      throw .missing(
        file: entry.file, field: "\(field).client-key",
        remedy: "a client certificate needs its key: add client-key or "
          + "client-key-data")
    case (nil, _?):
      throw .missing(
        file: entry.file, field: "\(field).client-certificate",
        remedy: "a client key needs its certificate: add client-certificate or client-certificate-data")
    case (nil, nil): break
    }
    if let impersonate = user.impersonate, !impersonate.isEmpty {
      configuration.impersonation = Impersonation(
        user: impersonate, uid: user.impersonateUID, groups: user.impersonateGroups ?? [])
    }
    // kubectl's order: a token file beats a token, a token beats a password, and either beats a plugin.
    if let path = user.tokenFile, !path.isEmpty {
      configuration.credential = .tokenFile(Self.absolute(path, relativeTo: entry.file))
    } else if let token = user.token, !token.isEmpty {
      configuration.credential = .token(token)
    } else if let username = user.username, !username.isEmpty {
      configuration.credential = .basic(username: username, password: user.password ?? "")
    } else if let exec = user.exec {
      configuration.credential = .exec(try Self.plugin(exec, file: entry.file, field: "\(field).exec"))
    } else if let provider = user.authProvider {
      throw .unsupported(
        file: entry.file, field: "\(field).auth-provider \"\(provider.name ?? "")\"",
        remedy: "use an exec plugin, a token or a client certificate")
    }
  }

  private static func plugin(_ exec: Exec, file: String, field: String) throws(ConfigurationError) -> ExecPlugin {
    guard let command = exec.command, !command.isEmpty else {
      throw .missing(file: file, field: "\(field).command", remedy: "name the program that prints the credentials")
    }
    let apiVersion = exec.apiVersion ?? ""
    guard ExecCredential.versions.contains(apiVersion) else {
      throw .unsupported(
        file: file, field: "\(field).apiVersion \"\(apiVersion)\"",
        remedy: "use \(ExecCredential.versions.joined(separator: " or "))")
    }
    var environment: [String: String] = [:]
    for variable in exec.env ?? [] { environment[variable.name] = variable.value }
    return ExecPlugin(
      apiVersion: apiVersion,
      // As for a shell: a bare name is looked for in PATH, anything with a slash is a path.
      command: command.contains("/") ? Self.absolute(command, relativeTo: file) : command,
      arguments: exec.args ?? [], environment: environment, installHint: exec.installHint,
      providesClusterInfo: exec.provideClusterInfo ?? false)
  }

  private static func pem(
    data: String?, path: String?, file: String, field: String
  ) throws(ConfigurationError) -> PEMSource? {
    if let data, !data.isEmpty {
      guard let bytes = Data(base64Encoded: data, options: .ignoreUnknownCharacters), !bytes.isEmpty else {
        throw .malformed(file: file, field: "\(field)-data", reason: "it is not base64")
      }
      return .data(Array(bytes))
    }
    guard let path, !path.isEmpty else { return nil }
    return .file(Self.absolute(path, relativeTo: file))
  }

  static func absolute(_ path: String, relativeTo file: String) -> String {
    if path.hasPrefix("/") { return path }
    guard let slash = file.lastIndex(of: "/") else { return path }
    return "\(file[..<slash])/\(path)"
  }

  private static func names<Value>(_ entries: [String: Entry<Value>]) -> String {
    entries.isEmpty ? "none" : entries.keys.sorted().map { "\"\($0)\"" }.joined(separator: ", ")
  }
}
