/// Why the way to the API server is not known; the sentence names the file, the field and the remedy.
package enum ConfigurationError: Error, Equatable, CustomStringConvertible {
  case unreadable(file: String, reason: String)
  case malformed(file: String, field: String, reason: String)
  case missing(file: String, field: String, remedy: String)
  case unsupported(file: String, field: String, remedy: String)
  case nothingConfigured

  package var description: String {
    switch self {
    case .unreadable(let file, let reason):
      "cannot read \(file): \(reason)"
    case .malformed(let file, let field, let reason):
      "\(file): \(field) is malformed: \(reason)"
    case .missing(let file, let field, let remedy):
      "\(file): \(field) is missing: \(remedy)"
    case .unsupported(let file, let field, let remedy):
      "\(file): \(field) is not supported: \(remedy)"
    case .nothingConfigured:
      "no API server is configured: pass --kubeconfig, set KUBECONFIG, run inside a cluster "
        + "(KUBERNETES_SERVICE_HOST), or have a ~/.kube/config"
    }
  }
}
