/// How to reach an API server and as whom: the outcome of a kubeconfig or of the environment of a pod.
///
/// Files that may change while the process runs (tokens, certificates) are named here and read when they are needed.
package struct ClusterConfiguration: Sendable, Hashable {
  package var server: ServerAddress
  /// The namespace of the context, or of the pod.
  package var namespace: String?
  package var authorities: PEMSource?
  package var skipsVerification = false
  /// The name that the server's certificate must bear, when it is not the host of the address.
  package var serverName: String?
  package var proxy: ServerAddress?
  package var clientCertificate: ClientCertificate?
  package var credential: Credential = .anonymous
  package var impersonation: Impersonation?
  /// The file that this comes from, for messages.
  package var origin: String

  package init(server: ServerAddress, origin: String) {
    self.server = server
    self.origin = origin
  }
}

/// PEM text in a file or in hand.
package enum PEMSource: Sendable, Hashable {
  case file(String)
  case data([UInt8])
}

/// A certificate chain and its key, to show to the server.
package struct ClientCertificate: Sendable, Hashable {
  package var chain: PEMSource
  package var key: PEMSource
}

/// What goes into the Authorization header.
package enum Credential: Sendable, Hashable {
  case anonymous
  case token(String)
  case tokenFile(String)
  case basic(username: String, password: String)
  case exec(ExecPlugin)
}

/// A program that prints credentials (client.authentication.k8s.io).
package struct ExecPlugin: Sendable, Hashable {
  package var apiVersion: String
  /// An absolute path, or a name to look for in PATH.
  package var command: String
  package var arguments: [String]
  package var environment: [String: String]
  package var installHint: String?
  package var providesClusterInfo: Bool
}

/// In whose name to act, if not in one's own.
package struct Impersonation: Sendable, Hashable {
  package var user: String
  package var uid: String?
  package var groups: [String]

  package init(user: String, uid: String? = nil, groups: [String] = []) {
    self.user = user
    self.uid = uid
    self.groups = groups
  }
}

/// The address of an HTTP server: scheme, host, port and the path that all requests start with.
package struct ServerAddress: Sendable, Hashable, CustomStringConvertible {
  package var isSecure: Bool
  /// A name or an address; IPv6 without brackets.
  package var host: String
  package var port: Int
  /// Empty, or `/something` without a slash at the end.
  package var basePath: String

  package init(isSecure: Bool, host: String, port: Int, basePath: String = "") {
    self.isSecure = isSecure
    self.host = host
    self.port = port
    self.basePath = basePath
  }

  /// Reads `https://host:port/path`; without a scheme, `http` as kubectl assumes.
  package init?(_ text: String) {
    var rest = Substring(text)
    if rest.hasPrefix("https://") {
      self.isSecure = true
      rest = rest.dropFirst(8)
    } else if rest.hasPrefix("http://") {
      self.isSecure = false
      rest = rest.dropFirst(7)
    } else if rest.contains("://") {
      return nil
    } else {
      self.isSecure = false
    }
    let authority = rest.prefix { $0 != "/" }
    var path = rest.dropFirst(authority.count)
    while path.hasSuffix("/") { path = path.dropLast() }
    self.basePath = String(path)
    var port: Substring?
    if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
      self.host = String(authority[authority.index(after: authority.startIndex)..<end])
      let tail = authority[authority.index(after: end)...]
      guard tail.isEmpty || tail.hasPrefix(":") else { return nil }
      if !tail.isEmpty { port = tail.dropFirst() }
    } else {
      let parts = authority.split(separator: ":", omittingEmptySubsequences: false)
      guard parts.count <= 2, let host = parts.first else { return nil }
      self.host = String(host)
      if parts.count == 2 { port = parts[1] }
    }
    guard !self.host.isEmpty, !self.host.contains(where: { $0 == "@" || $0 == "?" || $0 == "#" || $0.isWhitespace })
    else {
      return nil
    }
    if let port {
      guard let number = Int(port), (1...65535).contains(number) else { return nil }
      self.port = number
    } else {
      self.port = self.isSecure ? 443 : 80
    }
  }

  /// The host as it stands in a URL: IPv6 in brackets.
  package var urlHost: String { self.host.contains(":") ? "[\(self.host)]" : self.host }

  /// Host and port, as they stand in a URL.
  package var authority: String { "\(self.urlHost):\(self.port)" }

  package var description: String {
    "\(self.isSecure ? "https" : "http")://\(self.authority)\(self.basePath)"
  }
}
