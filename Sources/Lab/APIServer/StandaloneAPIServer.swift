import FoundationEssentials
import Glibc
import KubernetesModel
import Logging
import NIOCore
import Primitives

/// Where an API server listens, as a flag writes it.
package struct APIEndpoint: Sendable, Hashable {
  package var host: String
  package var port: Int
  package var isSecure: Bool

  package init(host: String, port: Int, isSecure: Bool) {
    self.host = host
    self.port = port
    self.isSecure = isSecure
  }

  /// Reads `ADDRESS:PORT`, with `http://` or `https://` before it or not.
  package init?(_ text: String) {
    var rest = text[...]
    self.isSecure = true
    if rest.hasPrefix("http://") {
      self.isSecure = false
      rest = rest.dropFirst(7)
    } else if rest.hasPrefix("https://") {
      rest = rest.dropFirst(8)
    }
    while rest.last == "/" { rest = rest.dropLast() }
    guard let colon = rest.lastIndex(of: ":"), let port = Int(rest[rest.index(after: colon)...]),
      (0...65535).contains(port)
    else { return nil }
    let host = rest[..<colon].filter { $0 != "[" && $0 != "]" }
    guard host == "localhost" || IPAddress(host) != nil else { return nil }
    self.host = host
    self.port = port
  }

  /// `https://127.0.0.1:6443`
  package func url(port: Int) -> String {
    let host = self.host.contains(":") ? "[\(self.host)]" : self.host == "0.0.0.0" ? "127.0.0.1" : self.host
    return "\(self.isSecure ? "https" : "http")://\(host):\(port)"
  }
}

/// Reads a list of CIDRs for cluster IPs.
package enum ServiceRangesText {
  package static func parse(_ text: String) -> [IPPrefix]? {
    let parts = text.split(separator: ",").map { $0.filter { $0 != " " } }
    let ranges = parts.compactMap { IPPrefix($0) }
    guard !ranges.isEmpty, ranges.count == parts.count, Set(ranges.map { $0.family }).count == ranges.count else {
      return nil
    }
    return ranges
  }
}

/// Lines on the standard output, for what a command tells its user; each is out at once.
package enum StandardOutput {
  package static func line(_ text: String) {
    let bytes = Array((text + "\n").utf8)
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
      if count <= 0 { return }
      sent += count
    }
  }
}

/// An API server by itself: an empty cluster with the usual namespaces, and a kubeconfig on disk.
package struct StandaloneAPIServer: Sendable {
  package let registry: APIRegistry
  package let server: APIServer

  /// - Parameters:
  ///   - manifests: a file or directory of objects to create first, CRDs as a rule.
  ///   - onReady: told the URL once the kubeconfig is written and requests are answered.
  package init(
    endpoint: APIEndpoint, serviceRanges: [IPPrefix], manifests: String?, kubeconfigPath: String, logger: Logger,
    onReady: @escaping @Sendable (String) async -> Void
  ) async throws {
    let credentials = try ClusterCredentials()
    var settings = APIRegistry.Settings(serviceRanges: serviceRanges)
    settings.advertisedAddress = IPAddress(endpoint.host)
    settings.advertisedPort = endpoint.port
    let registry = APIRegistry(settings: settings)
    await registry.furnishCluster()
    if let manifests { try await registry.load(try ManifestFiles.objects(at: manifests)) }
    let router = APIRouter(
      registry: registry, authenticator: credentials.authenticator(trustsEverybody: !endpoint.isSecure),
      address: "\(endpoint.host):\(endpoint.port)")
    self.registry = registry
    self.server = APIServer(
      APIServer.Configuration(host: endpoint.host, port: endpoint.port, isSecure: endpoint.isSecure), router: router,
      credentials: credentials, logger: logger
    ) { address in
      let url = endpoint.url(port: address.port ?? endpoint.port)
      do {
        try KubeconfigFile.write(try credentials.kubeconfig(server: url), to: kubeconfigPath)
        await onReady(url)
      } catch {
        logger.error("Cannot write the kubeconfig", metadata: ["path": "\(kubeconfigPath)", "reason": "\(error)"])
      }
    }
  }
}

/// Files with credentials, which only their owner may read.
package enum KubeconfigFile {
  package static func write(_ text: String, to path: String) throws {
    let url = URL(filePath: path)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    let temporary = path + ".new"
    try? FileManager.default.removeItem(atPath: temporary)
    guard
      FileManager.default.createFile(
        atPath: temporary, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
    else { throw ManifestFiles.Failure(description: "\(temporary): cannot be written") }
    guard rename(temporary, path) == 0 else {
      throw ManifestFiles.Failure(description: "\(path): \(String(cString: strerror(errno)))")
    }
  }
}
