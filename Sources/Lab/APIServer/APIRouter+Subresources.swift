import KubernetesModel
import NIOHTTP1

extension APIRouter {
  /// Serves a part of an object that has a path of its own.
  func serve(
    _ subresource: String, _ request: APIRequest, _ path: ResourcePath, _ definition: ResourceDefinition,
    _ user: APIUser, verb: String
  ) async throws(APIFailure) -> APIResponse {
    switch (subresource, verb) {
    case ("status", "get"), ("ephemeralcontainers", "get"):
      let format = try ResponseFormat(request.accept, include: nil)
      let object = try await self.registry.get(definition.type, path.key)
      return Self.answer(200, definition.formatted(object, format, now: self.registry.clock()), format)
    case ("status", "update"), ("status", "patch"), ("finalize", "update"):
      return try await self.write(request, path, definition, user, subresource: subresource)
    case ("scale", _): return try await self.scale(request, path, definition, user)
    case ("log", "get"): return try await self.log(request, path)
    case ("proxy", "get"): return try await self.proxy(request, path)
    case ("token", "create"): return try await self.issueToken(request, path)
    case ("eviction", "create"):
      _ = try await self.registry.delete(definition.type, path.key)
      return .json(201, ["kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success", "code": 201])
    case ("binding", "create"): return try await self.bind(request, path, definition, user)
    default: throw .methodNotAllowed
    }
  }

  // MARK: Scale

  private func scale(_ request: APIRequest, _ path: ResourcePath, _ definition: ResourceDefinition, _ user: APIUser)
    async throws(APIFailure) -> APIResponse
  {
    let format = try ResponseFormat(request.accept, include: nil)
    var object = try await self.registry.get(definition.type, path.key)
    if request.method == "GET" { return Self.answer(200, Self.scale(of: object), format) }
    var scale = Self.scale(of: object)
    let options: WriteOptions
    if request.method == "PATCH" {
      options = try WriteOptions(request, kind: "PatchOptions", user: user)
      do {
        switch try RequestBody.patch(request, definition) {
        case .merge(let changes), .strategic(let changes), .apply(let changes):
          scale = MergePatch.apply(changes, to: scale)
        case .json(let operations): scale = try JSONPatch.apply(operations, to: scale)
        }
      } catch let error as PatchError {
        throw APIFailure(error)
      } catch let error as APIFailure {
        throw error
      } catch {
        throw APIFailure.internalError("\(error)")
      }
    } else {
      options = try WriteOptions(request, kind: "UpdateOptions", user: user)
      scale = try RequestBody.object(request)
    }
    if !scale.resourceVersion.isEmpty, scale.resourceVersion != object.resourceVersion {
      throw .conflict(definition.type, object.name)
    }
    guard let replicas = scale[path: "spec", "replicas"]?.integer, replicas >= 0 else {
      throw .invalid(
        ResourceType(group: "autoscaling", version: "v1", plural: "scales", kind: "Scale"), object.name,
        [
          .invalid(
            "spec.replicas", scale[path: "spec", "replicas"] ?? 0, "must be greater than or equal to 0")
        ])
    }
    object.mutate("spec") { $0["replicas"] = .integer(replicas) }
    object.setMetadata("managedFields", nil)
    let written = try await self.registry.updateObject(
      object, as: definition.type, namespace: path.namespace, name: path.name, options: options)
    return Self.answer(200, Self.scale(of: written.object), format)
  }

  private static func scale(of object: JSONValue) -> JSONValue {
    var metadata: JSONValue = [:]
    for name in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
      metadata[name] = object.metadata(name)
    }
    return [
      "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": metadata,
      "spec": ["replicas": object[path: "spec", "replicas"] ?? 0],
      "status": [
        "replicas": object[path: "status", "replicas"] ?? 0,
        "selector": .string(LabelSelector(json: object[path: "spec", "selector"]).queryText),
      ],
    ]
  }

  // MARK: Pods

  private func log(_ request: APIRequest, _ path: ResourcePath) async throws(APIFailure) -> APIResponse {
    let pod = try await self.registry.get(BuiltInResources.pods, path.key)
    let containers = (pod[path: "spec", "containers"]?.array ?? []).compactMap { $0["name"]?.string }
    let inits = (pod[path: "spec", "initContainers"]?.array ?? []).compactMap { $0["name"]?.string }
    let asked = request.query["container"].flatMap { $0.isEmpty ? nil : $0 }
    let annotated = pod.metadata("annotations")?["kubectl.kubernetes.io/default-container"]?.string
    guard let container = asked ?? (containers.count == 1 ? containers.first : annotated) else {
      throw .badRequest(
        "a container name must be specified for pod \(path.key.name), choose one of: "
          + "[\((containers + inits).joined(separator: " "))]")
    }
    guard (containers + inits).contains(container) else {
      throw .badRequest("container \(container) is not valid for pod \(path.key.name)")
    }
    guard pod[path: "spec", "nodeName"]?.string?.isEmpty == false else {
      // A pod that no node runs has written nothing yet.
      return .whole(status: 200, headers: ["Content-Type": "text/plain"], body: [])
    }
    var options = PodLogOptions()
    options.follows = ListQuery.isTrue(request.query["follow"])
    options.isPrevious = ListQuery.isTrue(request.query["previous"])
    options.hasTimestamps = ListQuery.isTrue(request.query["timestamps"])
    options.tailLines = try ListQuery.integer(request.query["tailLines"])
    options.sinceSeconds = try ListQuery.integer(request.query["sinceSeconds"])
    options.limitBytes = try ListQuery.integer(request.query["limitBytes"])
    guard let logs else {
      throw .internalError("no node runs pods here, so there are no logs of \"\(path.key)\"")
    }
    let pieces = try await logs.log(of: path.key, container: container, options: options)
    return .pieces(headers: ["Content-Type": "text/plain"], pieces)
  }

  /// Hands a request on to a pod: `pods/NAME[:PORT]/proxy/PATH`.
  private func proxy(_ request: APIRequest, _ path: ResourcePath) async throws(APIFailure) -> APIResponse {
    guard let target = PodProxy.Target(path.name ?? "") else {
      throw .badRequest("invalid pod request \"\(path.name ?? "")\": [http:]NAME[:PORT] is what the lab hands on")
    }
    let pod = try await self.registry.get(
      BuiltInResources.pods, ObjectKey(namespace: path.key.namespace, name: target.name))
    guard let host = pod[path: "status", "podIP"]?.string, !host.isEmpty else {
      throw .serviceUnavailable("address not allowed: pod \"\(target.name)\" has none yet")
    }
    let first = pod[path: "spec", "containers"]?.array?.lazy.compactMap { $0["ports"]?.array?.first }.first
    let port = target.port ?? first?["containerPort"]?.integer.flatMap { UInt16(exactly: $0) } ?? 80
    return try await self.podProxy.get(
      "/" + path.rest.joined(separator: "/"), query: request.query, from: host, port: port, accept: request.headers)
  }

  /// What a scheduler writes: the node that a pod runs on.
  private func bind(_ request: APIRequest, _ path: ResourcePath, _ definition: ResourceDefinition, _ user: APIUser)
    async throws(APIFailure) -> APIResponse
  {
    let node = try RequestBody.object(request)[path: "target", "name"]?.string ?? ""
    var pod = try await self.registry.get(definition.type, path.key)
    guard pod[path: "spec", "nodeName"]?.string?.isEmpty != false else {
      throw .conflict(
        definition.type, path.key.name,
        "pod \(path.key.name) is already assigned to node \"\(pod[path: "spec", "nodeName"]?.string ?? "")\"")
    }
    pod.mutate("spec") { $0["nodeName"] = .string(node) }
    _ = try await self.registry.update(
      pod, as: definition.type, namespace: path.namespace, options: WriteOptions(fieldManager: "kube-scheduler"))
    return .json(201, ["kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success", "code": 201])
  }

  // MARK: ServiceAccounts

  private func issueToken(_ request: APIRequest, _ path: ResourcePath) async throws(APIFailure) -> APIResponse {
    let account = try await self.registry.get(BuiltInResources.serviceAccounts, path.key)
    let body = try RequestBody.object(request)
    let seconds = body[path: "spec", "expirationSeconds"]?.integer ?? 3600
    let token = self.authenticator.issueToken(
      serviceAccount: account.name, namespace: account.namespace, uid: account.uid)
    let now = self.registry.clock()
    return .json(
      201,
      [
        "kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1",
        "metadata": [
          "name": .string(account.name), "namespace": .string(account.namespace),
          "creationTimestamp": .string(now.text),
        ],
        "spec": ["audiences": ["https://kubernetes.default.svc"], "expirationSeconds": .integer(seconds)],
        "status": [
          "token": .string(token),
          "expirationTimestamp": .string(Timestamp(seconds: now.seconds + seconds).text),
        ],
      ])
  }

  // MARK: Reviews

  /// Answers a question about who somebody is or what they may do; nothing is stored.
  func review(_ body: JSONValue, _ definition: ResourceDefinition, _ path: ResourcePath, _ user: APIUser)
    async throws(APIFailure) -> JSONValue
  {
    var answer = body
    answer["kind"] = .string(definition.type.kind)
    answer["apiVersion"] = .string(definition.type.apiVersion)
    if answer["metadata"]?.object == nil { answer["metadata"] = [:] }
    func userInfo(_ user: APIUser) -> JSONValue {
      var info: JSONValue = ["username": .string(user.name), "groups": .strings(user.groups)]
      if !user.uid.isEmpty { info["uid"] = .string(user.uid) }
      return info
    }
    let spec = body["spec"] ?? [:]
    switch definition.type.kind {
    case "SelfSubjectReview":
      answer["status"] = ["userInfo": userInfo(user)]
    case "TokenReview":
      if let known = self.authenticator.user(of: spec["token"]?.string ?? "") {
        answer["status"] = ["authenticated": true, "user": userInfo(known)]
      } else {
        answer["status"] = ["user": [:], "error": "invalid bearer token"]
      }
    case "SelfSubjectRulesReview":
      let rules = await self.registry.rules(of: user, namespace: spec["namespace"]?.string)
      let isMaster = user.groups.contains("system:masters")
      let all: JSONValue = ["verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]]
      answer["status"] = [
        "resourceRules": .array((isMaster ? [all] : []) + rules.filter { $0["resources"] != nil }),
        "nonResourceRules": .array(
          (isMaster ? [["verbs": ["*"], "nonResourceURLs": ["*"]]] : [])
            + rules.filter { $0["nonResourceURLs"] != nil }),
        "incomplete": false,
      ]
    default:
      var subject = user
      if definition.type.kind != "SelfSubjectAccessReview" {
        subject = APIUser(
          name: spec["user"]?.string ?? "", groups: (spec["groups"]?.array ?? []).compactMap { $0.string })
      }
      let allowed = await self.registry.mayAccess(subject, AccessRequest(review: spec))
      answer["status"] = ["allowed": .bool(allowed)]
    }
    return answer
  }
}

extension AccessRequest {
  fileprivate init(review spec: JSONValue) {
    if let path = spec["nonResourceAttributes"] {
      self.init(verb: path["verb"]?.string ?? "", nonResourcePath: path["path"]?.string ?? "")
      return
    }
    let resource = spec["resourceAttributes"] ?? [:]
    func text(_ name: String) -> String? { resource[name]?.string.flatMap { $0.isEmpty ? nil : $0 } }
    self.init(
      verb: text("verb") ?? "", group: text("group") ?? "", resource: text("resource") ?? "",
      subresource: text("subresource"), namespace: text("namespace"), name: text("name"))
  }
}

extension LabelSelector {
  /// The selector as a query writes it.
  fileprivate var queryText: String {
    var parts = (self.matchLabels ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    for term in self.matchExpressions ?? [] {
      let values = "(\((term.values ?? []).joined(separator: ",")))"
      switch term.operator {
      case "In": parts.append("\(term.key) in \(values)")
      case "NotIn": parts.append("\(term.key) notin \(values)")
      case "Exists": parts.append(term.key)
      default: parts.append("!\(term.key)")
      }
    }
    return parts.joined(separator: ",")
  }
}
