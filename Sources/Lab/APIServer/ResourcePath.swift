/// Where a request's path leads among the resources: `/apis/apps/v1/namespaces/demo/deployments/web/scale`.
struct ResourcePath: Hashable {
  var group: String
  var version: String
  var namespace: String?
  var plural: String
  var name: String?
  var subresource: String?
  /// What follows the subresource; only proxies know such paths.
  var rest: [String] = []
  /// The deprecated form `/api/v1/watch/...`.
  var isWatch = false

  init?(_ path: String) {
    var parts = path.split(separator: "/", omittingEmptySubsequences: true).map { String($0) }[...]
    switch parts.popFirst() {
    case "api": self.group = ""
    case "apis":
      guard let group = parts.popFirst() else { return nil }
      self.group = group
    default: return nil
    }
    guard let version = parts.popFirst() else { return nil }
    self.version = version
    if parts.first == "watch" {
      parts.removeFirst()
      self.isWatch = true
    }
    // `namespaces/x/finalize` and `namespaces/x/status` are the namespace's own subresources.
    if parts.first == "namespaces", parts.count > 2, !(parts.count == 3 && Self.ofNamespaces.contains(parts.last ?? ""))
    {
      parts.removeFirst()
      self.namespace = parts.popFirst()
    }
    guard let plural = parts.popFirst() else { return nil }
    self.plural = plural
    self.name = parts.popFirst()
    self.subresource = parts.popFirst()
    self.rest = Array(parts)
  }

  private static let ofNamespaces: Set<String> = ["finalize", "status"]
}
