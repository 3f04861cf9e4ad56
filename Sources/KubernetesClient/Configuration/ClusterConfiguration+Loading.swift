import FoundationEssentials

extension ClusterConfiguration {
  static let serviceAccountDirectory = "/var/run/secrets/kubernetes.io/serviceaccount"

  /// Which entries of a kubeconfig are meant, where it is not its current context.
  package struct Choice: Sendable, Hashable {
    package var context: String?
    /// In place of the context's.
    package var cluster: String?
    package var user: String?

    package init(context: String? = nil, cluster: String? = nil, user: String? = nil) {
      self.context = context
      self.cluster = cluster
      self.user = user
    }

    fileprivate func resolved(_ kubeconfig: Kubeconfig) throws(ConfigurationError) -> ClusterConfiguration {
      try kubeconfig.resolved(context: self.context, cluster: self.cluster, user: self.user)
    }
  }

  /// Finds the configuration: the named file, else the files of KUBECONFIG, else the pod's own, else `~/.kube/config`.
  package static func load(
    kubeconfig: String? = nil, context: String? = nil, environment: [String: String]
  ) throws(ConfigurationError) -> ClusterConfiguration {
    try self.load(kubeconfig: kubeconfig, Choice(context: context), environment: environment)
  }

  package static func load(
    kubeconfig: String?, _ choice: Choice, environment: [String: String]
  ) throws(ConfigurationError) -> ClusterConfiguration {
    try self.load(kubeconfig: kubeconfig, choice, environment: environment, read: Self.readFile)
  }

  /// The same with the file system handed in: nil = there is no such file.
  static func load(
    kubeconfig: String?, _ choice: Choice, environment: [String: String],
    read: (String) throws(ConfigurationError) -> [UInt8]?
  ) throws(ConfigurationError) -> ClusterConfiguration {
    if let kubeconfig, !kubeconfig.isEmpty {
      guard let bytes = try read(kubeconfig) else {
        throw .unreadable(file: kubeconfig, reason: "there is no such file")
      }
      return try choice.resolved(Kubeconfig(yaml: Self.text(bytes, of: kubeconfig), file: kubeconfig))
    }
    if let list = environment["KUBECONFIG"], !list.isEmpty {
      let files = list.split(separator: ":").map(String.init)
      guard let merged = try self.merged(files, read: read) else {
        throw .unreadable(file: list, reason: "KUBECONFIG names it, but there is no such file")
      }
      return try choice.resolved(merged)
    }
    if let pod = try self.inCluster(environment: environment, read: read) { return pod }
    if let home = environment["HOME"], let merged = try self.merged(["\(home)/.kube/config"], read: read) {
      return try choice.resolved(merged)
    }
    throw .nothingConfigured
  }

  /// The names of the contexts that there are to choose from.
  package static func contexts(
    kubeconfig: String?, environment: [String: String]
  ) throws(ConfigurationError) -> [String] {
    let named = [kubeconfig, environment["KUBECONFIG"], environment["HOME"].map { "\($0)/.kube/config" }]
    guard let list = named.compactMap({ $0 }).first(where: { !$0.isEmpty }) else { return [] }
    let files = kubeconfig == nil ? list.split(separator: ":").map(String.init) : [list]
    return try self.merged(files, read: Self.readFile)?.contexts.keys.sorted() ?? []
  }

  /// The files that exist, merged; nil = none does.
  private static func merged(
    _ files: [String], read: (String) throws(ConfigurationError) -> [UInt8]?
  ) throws(ConfigurationError) -> Kubeconfig? {
    var merged: Kubeconfig?
    for file in files {
      guard let bytes = try read(file) else { continue }
      let config = try Kubeconfig(yaml: Self.text(bytes, of: file), file: file)
      if merged == nil { merged = config } else { merged?.merge(config) }
    }
    return merged
  }

  private static func inCluster(
    environment: [String: String], read: (String) throws(ConfigurationError) -> [UInt8]?
  ) throws(ConfigurationError) -> ClusterConfiguration? {
    guard let host = environment["KUBERNETES_SERVICE_HOST"], !host.isEmpty else { return nil }
    let portText = environment["KUBERNETES_SERVICE_PORT"] ?? "443"
    guard let port = Int(portText), (1...65535).contains(port) else {
      throw .malformed(
        file: "environment", field: "KUBERNETES_SERVICE_PORT", reason: "\"\(portText)\" is not a port number")
    }
    let token = "\(self.serviceAccountDirectory)/token"
    guard try read(token) != nil else {
      throw .unreadable(
        file: token,
        reason: "KUBERNETES_SERVICE_HOST says that this is a pod, but its service account token is not mounted "
          + "(automountServiceAccountToken)")
    }
    var configuration = ClusterConfiguration(
      server: ServerAddress(isSecure: true, host: host, port: port), origin: "the pod's service account")
    configuration.credential = .tokenFile(token)
    let authorities = "\(self.serviceAccountDirectory)/ca.crt"
    if try read(authorities) != nil { configuration.authorities = .file(authorities) }
    if let bytes = try read("\(self.serviceAccountDirectory)/namespace") {
      let namespace = String(decoding: bytes, as: UTF8.self).trimmed
      if !namespace.isEmpty { configuration.namespace = namespace }
    }
    return configuration
  }

  /// The namespace that the pod's service account names, if this is a pod.
  package static func podNamespace() -> String? {
    guard let bytes = try? self.readFile("\(self.serviceAccountDirectory)/namespace") else { return nil }
    let namespace = String(decoding: bytes, as: UTF8.self).trimmed
    return namespace.isEmpty ? nil : namespace
  }

  private static func text(_ bytes: [UInt8], of file: String) throws(ConfigurationError) -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw .malformed(file: file, field: "the document", reason: "it is not UTF-8 text")
    }
    return text
  }

  static func readFile(_ path: String) throws(ConfigurationError) -> [UInt8]? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    do {
      return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    } catch {
      throw .unreadable(file: path, reason: (error as? CocoaError).map { "\($0.code.explanation)" } ?? "\(error)")
    }
  }
}

extension CocoaError.Code {
  fileprivate var explanation: String {
    switch self {
    case .fileReadNoPermission: "no permission"
    case .fileReadNoSuchFile, .fileNoSuchFile: "there is no such file"
    default: "it cannot be read (error \(self.rawValue))"
    }
  }
}

extension String {
  /// Without white space at both ends.
  var trimmed: String {
    let start = self.drop { $0.isWhitespace }
    guard let end = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
    return String(start[...end])
  }
}
