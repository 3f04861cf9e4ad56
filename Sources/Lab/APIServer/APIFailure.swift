import KubernetesModel

/// Why the API server refuses a request: an HTTP code and the `Status` that says why, in a real API server's words.
package struct APIFailure: Error, Sendable, Hashable, CustomStringConvertible {
  package var code: Int
  package var reason: String?
  package var message: String
  /// nil leaves `details` out; some answers carry empty ones.
  package var details: APIStatus.Details?
  /// Members of `ListMeta` that go with the failure: a fresh `continue` token for one that has expired.
  package var continuation: String?

  package init(code: Int, reason: String?, message: String, details: APIStatus.Details? = nil) {
    self.code = code
    self.reason = reason
    self.message = message
    self.details = details
  }

  package var description: String { self.message }

  /// The body of the answer.
  package var status: JSONValue {
    var status: JSONValue = [
      "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Failure", "message": .string(self.message),
      "code": .integer(Int64(self.code)),
    ]
    if let continuation { status["metadata"] = ["continue": .string(continuation)] }
    if let reason { status["reason"] = .string(reason) }
    if let details { status["details"] = details.json }
    return status
  }
}

extension APIStatus.Details {
  package init(name: String? = nil, type: ResourceType, kind: String? = nil) {
    self.init()
    self.name = name.flatMap { $0.isEmpty ? nil : $0 }
    self.group = type.group.isEmpty ? nil : type.group
    self.kind = kind ?? type.plural
  }

  var json: JSONValue {
    var json: JSONValue = [:]
    if let name { json["name"] = .string(name) }
    if let group { json["group"] = .string(group) }
    if let kind { json["kind"] = .string(kind) }
    if let uid { json["uid"] = .string(uid) }
    if let retryAfterSeconds { json["retryAfterSeconds"] = .integer(Int64(retryAfterSeconds)) }
    if let causes {
      json["causes"] = .array(
        causes.map { cause in
          var json: JSONValue = [:]
          if let reason = cause.reason { json["reason"] = .string(reason) }
          if let message = cause.message { json["message"] = .string(message) }
          if let field = cause.field { json["field"] = .string(field) }
          return json
        })
    }
    return json
  }
}

extension ResourceType {
  /// `services` or `ipaddresspools.metallb.io`, as messages name a resource.
  package var qualifiedPlural: String { self.group.isEmpty ? self.plural : "\(self.plural).\(self.group)" }
  /// `Service` or `IPAddressPool.metallb.io`, as messages name a kind.
  package var qualifiedKind: String { self.group.isEmpty ? self.kind : "\(self.kind).\(self.group)" }
}

extension APIFailure {
  package static func notFound(_ type: ResourceType, _ name: String) -> APIFailure {
    APIFailure(
      code: 404, reason: "NotFound", message: "\(type.qualifiedPlural) \"\(name)\" not found",
      details: .init(name: name, type: type))
  }

  /// The path leads to no resource.
  package static var unknownResource: APIFailure {
    APIFailure(
      code: 404, reason: "NotFound", message: "the server could not find the requested resource", details: .init())
  }

  package static var methodNotAllowed: APIFailure {
    APIFailure(
      code: 405, reason: "MethodNotAllowed",
      message: "the server does not allow this method on the requested resource", details: .init())
  }

  package static func alreadyExists(_ type: ResourceType, _ name: String, isTerminating: Bool = false) -> APIFailure {
    APIFailure(
      code: 409, reason: "AlreadyExists",
      message: (isTerminating ? "object is being deleted: " : "")
        + "\(type.qualifiedPlural) \"\(name)\" already exists",
      details: .init(name: name, type: type))
  }

  package static func conflict(_ type: ResourceType, _ name: String, _ why: String? = nil) -> APIFailure {
    APIFailure(
      code: 409, reason: "Conflict",
      message: "Operation cannot be fulfilled on \(type.qualifiedPlural) \"\(name)\": "
        + (why ?? "the object has been modified; please apply your changes to the latest version and try again"),
      details: .init(name: name, type: type))
  }

  package static func serviceUnavailable(_ message: String) -> APIFailure {
    APIFailure(code: 503, reason: "ServiceUnavailable", message: message)
  }

  package static func badRequest(_ message: String) -> APIFailure {
    APIFailure(code: 400, reason: "BadRequest", message: message)
  }

  package static func forbidden(
    _ type: ResourceType, _ name: String, _ why: String, causes: [APIStatus.Cause]? = nil
  ) -> APIFailure {
    var details = APIStatus.Details(name: name, type: type)
    details.causes = causes
    return APIFailure(
      code: 403, reason: "Forbidden",
      message: type.qualifiedPlural + (name.isEmpty ? "" : " \"\(name)\"") + " is forbidden: \(why)", details: details)
  }

  package static func invalid(_ type: ResourceType, _ name: String, _ problems: [FieldError]) -> APIFailure {
    self.invalid(
      kind: type.qualifiedKind, name,
      details: APIStatus.Details(name: name, type: type, kind: type.kind), problems)
  }

  /// Options of a request, `ListOptions` for example, that contradict themselves.
  package static func invalidOptions(_ kind: String, _ problems: [FieldError]) -> APIFailure {
    var details = APIStatus.Details()
    details.group = "meta.k8s.io"
    details.kind = kind
    return self.invalid(kind: "\(kind).meta.k8s.io", "", details: details, problems)
  }

  private static func invalid(kind: String, _ name: String, details: APIStatus.Details, _ problems: [FieldError])
    -> APIFailure
  {
    var details = details
    details.causes = problems.map { problem in
      APIStatus.Cause(reason: problem.kind.rawValue, message: problem.message, field: problem.field)
    }
    var seen: Set<String> = []
    let texts = problems.map { $0.description }.filter { seen.insert($0).inserted }
    return APIFailure(
      code: 422, reason: "Invalid",
      message: "\(kind) \"\(name)\" is invalid: "
        + (texts.count == 1 ? texts[0] : "[\(texts.joined(separator: ", "))]"),
      details: details)
  }

  package static func expired(_ message: String) -> APIFailure {
    APIFailure(code: 410, reason: "Expired", message: message)
  }

  package static func internalError(_ message: String) -> APIFailure {
    APIFailure(code: 500, reason: nil, message: message)
  }

  package static var unsupportedMediaType: APIFailure {
    .unsupportedMediaType(["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"])
  }

  package static func unsupportedMediaType(_ accepted: [String]) -> APIFailure {
    APIFailure(
      code: 415, reason: "UnsupportedMediaType",
      message: "the body of the request was in an unknown format - accepted media types include: "
        + accepted.joined(separator: ", "))
  }

  package static var notAcceptable: APIFailure {
    APIFailure(
      code: 406, reason: "NotAcceptable",
      message: "only the following media types are accepted: application/json, application/yaml, "
        + "application/vnd.kubernetes.protobuf")
  }

  package static func resourceVersionTooLarge(_ asked: UInt64, current: UInt64) -> APIFailure {
    var details = APIStatus.Details()
    details.causes = [
      APIStatus.Cause(reason: "ResourceVersionTooLarge", message: "Too large resource version", field: nil)
    ]
    details.retryAfterSeconds = 1
    return APIFailure(
      code: 504, reason: "Timeout", message: "Timeout: Too large resource version: \(asked), current: \(current)",
      details: details)
  }

  package init(_ error: PatchError) {
    let status = error.status
    self.init(
      code: status.code ?? 500, reason: status.reason, message: status.message ?? error.description,
      details: status.details)
  }
}
