import KubernetesModel

/// What a request wants to do, as authorization rules speak of it.
package struct AccessRequest: Sendable, Hashable {
  package var verb: String
  package var group: String
  package var resource: String
  package var subresource: String?
  package var namespace: String?
  package var name: String?
  /// A path outside the resources, such as `/metrics`.
  package var nonResourcePath: String?

  package init(
    verb: String, group: String = "", resource: String = "", subresource: String? = nil, namespace: String? = nil,
    name: String? = nil, nonResourcePath: String? = nil
  ) {
    self.verb = verb
    self.group = group
    self.resource = resource
    self.subresource = subresource
    self.namespace = namespace
    self.name = name
    self.nonResourcePath = nonResourcePath
  }

  fileprivate var qualifiedResource: String { self.subresource.map { "\(self.resource)/\($0)" } ?? self.resource }
}

extension APIRegistry {
  /// Decides by the stored RBAC objects, as a real API server does. Members of `system:masters` may do everything.
  package func mayAccess(_ user: APIUser, _ request: AccessRequest) -> Bool {
    if user.groups.contains("system:masters") { return true }
    if Self.isOpenToAll(request, user) { return true }
    return self.rules(of: user, namespace: request.namespace).contains { Self.allows($0, request) }
  }

  /// The rules that apply to a user: those bound in the whole cluster, and in one namespace.
  package func rules(of user: APIUser, namespace: String?) -> [JSONValue] {
    var rules: [JSONValue] = []
    let bindings = BuiltInResources.rbac("clusterrolebindings", "ClusterRoleBinding", isNamespaced: false).collection
    for binding in (try? self.store.page(of: bindings))?.items ?? [] where Self.binds(binding, user, namespace: "") {
      rules += self.rules(ofRole: binding["roleRef"], namespace: "")
    }
    guard let namespace, !namespace.isEmpty else { return rules }
    let local = BuiltInResources.rbac("rolebindings", "RoleBinding").collection
    for binding in (try? self.store.page(of: local, namespace: namespace))?.items ?? []
    where Self.binds(binding, user, namespace: namespace) {
      rules += self.rules(ofRole: binding["roleRef"], namespace: namespace)
    }
    return rules
  }

  private func rules(ofRole reference: JSONValue?, namespace: String) -> [JSONValue] {
    let name = reference?["name"]?.string ?? ""
    let isClusterRole = reference?["kind"]?.string == "ClusterRole"
    let collection = ResourceCollection(
      group: "rbac.authorization.k8s.io", plural: isClusterRole ? "clusterroles" : "roles")
    let key = ObjectKey(namespace: isClusterRole ? "" : namespace, name: name)
    guard let role = self.store.object(key, in: collection) else {
      return isClusterRole && name == "cluster-admin" ? [Self.everything] : []
    }
    let aggregated = (role[path: "aggregationRule", "clusterRoleSelectors"]?.array ?? []).map {
      LabelSelector(json: $0)
    }
    let others = aggregated.isEmpty ? [] : (try? self.store.page(of: collection))?.items ?? []
    return (role["rules"]?.array ?? [])
      + others.filter { aggregated.anyMatches($0.labels) && $0.name != name }.flatMap { $0["rules"]?.array ?? [] }
  }

  private static let everything: JSONValue = [
    "apiGroups": ["*"], "resources": ["*"], "verbs": ["*"], "nonResourceURLs": ["*"],
  ]

  private static func isOpenToAll(_ request: AccessRequest, _ user: APIUser) -> Bool {
    if let path = request.nonResourcePath, request.verb == "get" {
      if ["/healthz", "/livez", "/readyz", "/version"].contains(path) { return true }
      guard user.groups.contains("system:authenticated") else { return false }
      return ["/api", "/apis", "/openapi"].contains { path == $0 || path.hasPrefix($0 + "/") }
    }
    // Everybody who is known may ask what they may do.
    return user.groups.contains("system:authenticated") && request.verb == "create"
      && ["selfsubjectreviews", "selfsubjectaccessreviews", "selfsubjectrulesreviews"].contains(request.resource)
  }

  private static func binds(_ binding: JSONValue, _ user: APIUser, namespace: String) -> Bool {
    (binding["subjects"]?.array ?? []).contains { subject in
      let name = subject["name"]?.string ?? ""
      switch subject["kind"]?.string {
      case "User": return name == user.name
      case "Group": return user.groups.contains(name)
      case "ServiceAccount":
        return user.name == "system:serviceaccount:\(subject["namespace"]?.string ?? namespace):\(name)"
      default: return false
      }
    }
  }

  private static func allows(_ rule: JSONValue, _ request: AccessRequest) -> Bool {
    func list(_ name: String) -> [String] { (rule[name]?.array ?? []).compactMap { $0.string } }
    guard list("verbs").contains(where: { $0 == "*" || $0 == request.verb }) else { return false }
    if let path = request.nonResourcePath {
      return list("nonResourceURLs").contains {
        $0 == "*" || $0 == path || ($0.last == "*" && path.hasPrefix($0.dropLast()))
      }
    }
    guard list("apiGroups").contains(where: { $0 == "*" || $0 == request.group }) else { return false }
    let hasResource = list("resources").contains { resource in
      resource == "*" || resource == request.qualifiedResource
        || request.subresource != nil && resource == "*/\(request.subresource ?? "")"
    }
    guard hasResource else { return false }
    let names = list("resourceNames")
    return names.isEmpty || request.name.map { names.contains($0) } ?? false
  }
}

extension APIFailure {
  /// 403 in a real API server's words.
  static func denied(_ user: APIUser, _ request: AccessRequest) -> APIFailure {
    if let path = request.nonResourcePath {
      return APIFailure(
        code: 403, reason: "Forbidden",
        message: "forbidden: User \"\(user.name)\" cannot \(request.verb) path \"\(path)\"", details: .init())
    }
    let scope = request.namespace.flatMap { $0.isEmpty ? nil : "in the namespace \"\($0)\"" } ?? "at the cluster scope"
    let type = ResourceType(group: request.group, version: "", plural: request.resource, kind: "")
    return .forbidden(
      type, request.name ?? "",
      "User \"\(user.name)\" cannot \(request.verb) resource \"\(request.qualifiedResource)\" in API group "
        + "\"\(request.group)\" \(scope)")
  }

  static var unauthorized: APIFailure { APIFailure(code: 401, reason: "Unauthorized", message: "Unauthorized") }
}
