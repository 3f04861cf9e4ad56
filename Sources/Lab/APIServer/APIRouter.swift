import KubernetesModel
import NIOHTTP1
import Serving

/// Where the logs of pods come from: the node agents, or nobody where no node runs.
package protocol PodLogSource: Sendable {
  /// The log in pieces; it ends when the container has, or at once unless it is followed.
  func log(of pod: ObjectKey, container: String, options: PodLogOptions) async throws(APIFailure) -> AsyncStream<
    [UInt8]
  >
}

/// What of a log is wanted (`PodLogOptions`).
package struct PodLogOptions: Sendable, Hashable {
  package var follows = false
  package var isPrevious = false
  package var hasTimestamps = false
  package var tailLines: Int?
  package var sinceSeconds: Int?
  package var limitBytes: Int?

  package init() {}
}

/// The HTTP face of an `APIRegistry`: takes requests apart, finds out who asks and whether they may, and writes answers in
/// the form that the client wants. Knows no socket.
package struct APIRouter: Sendable {
  package let registry: APIRegistry
  package let authenticator: Authenticator
  package let faults: FaultSwitches
  let accesses = AccessLog()
  let logs: (any PodLogSource)?
  let documents = OpenAPICache()
  /// `127.0.0.1:6443`, as discovery names the server.
  let address: String
  let webhookClient: WebhookClient
  let podProxy: PodProxy

  /// - Parameter webhookNamespace: the network namespace from which webhooks and pods are called; nil = the machine's own
  ///   network.
  package init(
    registry: APIRegistry, authenticator: Authenticator, faults: FaultSwitches = FaultSwitches(), address: String = "",
    logs: (any PodLogSource)? = nil, webhookNamespace: String? = nil
  ) {
    self.registry = registry
    self.webhookClient = WebhookClient(namespace: webhookNamespace, registry: registry)
    self.podProxy = PodProxy(namespace: webhookNamespace)
    self.authenticator = authenticator
    self.faults = faults
    self.address = address
    self.logs = logs
  }

  static let version: JSONValue = [
    "major": "1", "minor": "36", "emulationMajor": "1", "emulationMinor": "36", "minCompatibilityMajor": "1",
    "minCompatibilityMinor": "35", "gitVersion": "v1.36.2", "gitCommit": "", "gitTreeState": "clean",
    "buildDate": "1970-01-01T00:00:00Z", "goVersion": "", "compiler": "swift", "platform": "linux/amd64",
  ]

  package func respond(to request: APIRequest, certificate: PeerCertificate? = nil) async -> APIResponse {
    do {
      var user = try self.authenticator.user(request.headers, certificate: certificate)
      if request.path == "/lab/faults" { return try await self.switchFaults(request, user) }
      if request.path == "/lab/accesses" { return try self.tellAccesses(request, user) }
      user = try await self.impersonated(user, request)
      return try await self.respond(to: request, user)
    } catch {
      return Self.failure(error)
    }
  }

  static func failure(_ failure: APIFailure) -> APIResponse {
    var headers: HTTPHeaders = [:]
    if let seconds = failure.details?.retryAfterSeconds { headers.add(name: "Retry-After", value: String(seconds)) }
    return .json(failure.code, failure.status, headers: headers)
  }

  private func impersonated(_ user: APIUser, _ request: APIRequest) async throws(APIFailure) -> APIUser {
    guard let name = request.headers.first(name: "impersonate-user") else { return user }
    let access = AccessRequest(verb: "impersonate", resource: "users", name: name)
    guard await self.registry.mayAccess(user, access) else { throw .denied(user, access) }
    var groups = request.headers["impersonate-group"]
    let parts = name.split(separator: ":")
    if groups.isEmpty, name.hasPrefix("system:serviceaccount:"), parts.count == 4 {
      groups = ["system:serviceaccounts", "system:serviceaccounts:\(parts[2])"]
    }
    return APIUser(name: name, groups: groups + ["system:authenticated"])
  }

  private func switchFaults(_ request: APIRequest, _ user: APIUser) async throws(APIFailure) -> APIResponse {
    guard user.groups.contains("system:masters") else {
      throw .denied(user, AccessRequest(verb: request.method.lowercased(), nonResourcePath: request.path))
    }
    switch request.method {
    case "GET": return .json(200, self.faults.json)
    case "PUT", "POST":
      let fault = try RequestBody.object(request)
      if fault["compact"]?.bool == true { await self.registry.compact() } else { try self.faults.add(fault) }
      return .json(200, self.faults.json)
    case "DELETE":
      self.faults.clear()
      return .json(200, self.faults.json)
    default: throw .methodNotAllowed
    }
  }

  private func tellAccesses(_ request: APIRequest, _ user: APIUser) throws(APIFailure) -> APIResponse {
    guard user.groups.contains("system:masters") else {
      throw .denied(user, AccessRequest(verb: request.method.lowercased(), nonResourcePath: request.path))
    }
    switch request.method {
    case "GET": break
    case "DELETE": self.accesses.clear()
    default: throw .methodNotAllowed
    }
    return .json(200, self.accesses.json)
  }

  /// Whether the user may do this; who asked is written down.
  func mayAccess(_ user: APIUser, _ request: AccessRequest) async -> Bool {
    let isAllowed = await self.registry.mayAccess(user, request)
    self.accesses.note(user, request, isAllowed: isAllowed)
    return isAllowed
  }

  private func respond(to request: APIRequest, _ user: APIUser) async throws(APIFailure) -> APIResponse {
    let catalog = await self.registry.resources
    if let path = ResourcePath(request.path) {
      if let definition = catalog.definition(group: path.group, version: path.version, plural: path.plural) {
        return try await self.serve(request, path, definition, user)
      }
      // A group that is not served, or a resource that no CRD of the group defines, reaches no handler at all.
      let isBuiltIn = BuiltInResources.all.contains { $0.type.group == path.group }
      guard isBuiltIn else { return .pageNotFound }
      throw .unknownResource
    }
    let access = AccessRequest(verb: request.method.lowercased(), nonResourcePath: request.path)
    guard await self.mayAccess(user, access) else { throw .denied(user, access) }
    return try await self.serveDocument(request, catalog)
  }

  // MARK: Documents

  private func serveDocument(_ request: APIRequest, _ catalog: ResourceCatalog) async throws(APIFailure) -> APIResponse
  {
    let parts = request.path.split(separator: "/").map { String($0) }
    let discovery = Discovery(catalog: catalog, address: self.address)
    let document: JSONValue?
    switch parts.first {
    case nil: document = ["paths": .strings(Self.paths(catalog))]
    case "healthz", "livez", "readyz":
      guard parts.count == 1 || parts == [parts[0], "ping"] else { return .pageNotFound }
      guard request.query["verbose"] != nil, parts.count == 1 else { return .text(200, "ok") }
      return .text(200, "[+]ping ok\n[+]log ok\n\(parts[0]) check passed\n")
    case "version" where parts.count == 1: document = Self.version
    case "api" where parts.count == 1:
      if let response = try self.aggregated(request, discovery, isCore: true) { return response }
      document = discovery.coreVersions
    case "api" where parts.count == 2:
      guard let resources = discovery.resources(group: "", version: parts[1]) else { throw .unknownResource }
      document = resources
    case "apis" where parts.count == 1:
      if let response = try self.aggregated(request, discovery, isCore: false) { return response }
      document = discovery.groupList
    case "apis" where parts.count == 2: document = discovery.group(parts[1])
    case "apis" where parts.count == 3:
      document = discovery.resources(group: parts[1], version: parts[2])
      if document == nil, discovery.group(parts[1]) != nil,
        BuiltInResources.all.contains(where: { $0.type.group == parts[1] })
      {
        throw .unknownResource
      }
    case "openapi": return try self.documents.respond(to: request, Array(parts.dropFirst()), catalog)
    default: document = nil
    }
    guard let document else { return .pageNotFound }
    guard request.method == "GET" else { throw .methodNotAllowed }
    return Self.answer(200, document, try ResponseFormat(request.accept, include: nil))
  }

  private func aggregated(_ request: APIRequest, _ discovery: Discovery, isCore: Bool) throws(APIFailure)
    -> APIResponse?
  {
    guard request.method == "GET" else { throw .methodNotAllowed }
    var hasPlain = false
    for range in request.accept.ranges {
      switch (range.type, range.parameters["as"]) {
      case ("application/json", "APIGroupDiscoveryList")
      where range.parameters["v"] == "v2" && range.parameters["g"] == "apidiscovery.k8s.io":
        let body = discovery.aggregated(isCore: isCore).jsonText
        let tag = Discovery.entityTag(of: body)
        let headers: HTTPHeaders = ["Etag": tag, "Vary": "Accept"]
        if request.headers["if-none-match"].contains(tag) { return .whole(status: 304, headers: headers, body: []) }
        var whole = headers
        whole.add(name: "Content-Type", value: Discovery.aggregatedType)
        return .whole(status: 200, headers: whole, body: body)
      case (_, nil): hasPlain = true
      default: continue
      }
      if hasPlain { return nil }
    }
    throw .notAcceptable
  }

  private static func paths(_ catalog: ResourceCatalog) -> [String] {
    var paths = ["/api", "/api/v1", "/apis", "/apis/"]
    for group in catalog.groupNames {
      paths.append("/apis/\(group)")
      paths += catalog.versions(of: group).map { "/apis/\(group)/\($0)" }
    }
    return paths + ["/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/readyz", "/version"]
  }

  /// An object in the form that the client wants.
  static func answer(_ status: Int, _ value: JSONValue, _ format: ResponseFormat, headers: HTTPHeaders = [:])
    -> APIResponse
  {
    guard format.isYAML, let text = try? value.yamlText() else { return .json(status, value, headers: headers) }
    var headers = headers
    headers.add(name: "Content-Type", value: "application/yaml")
    return .whole(status: status, headers: headers, body: Array(text.utf8))
  }
}
