import KubernetesModel
import Serving

/// The parameters of a list or a watch, checked as a real API server checks them.
struct ListQuery {
  var options: ListOptions
  var isWatch: Bool
  var timeout: Duration?
  var sendsBookmarks: Bool

  init(_ query: HTTPQuery, isWatchPath: Bool = false, name: String? = nil) throws(APIFailure) {
    self.isWatch = isWatchPath || Self.isTrue(query["watch"])
    self.sendsBookmarks = Self.isTrue(query["allowWatchBookmarks"])
    self.timeout = try Self.integer(query["timeoutSeconds"]).flatMap { $0 > 0 ? .seconds($0) : nil }
    var options = ListOptions()
    do {
      if let labels = query["labelSelector"], !labels.isEmpty { options.labels = try LabelSelector(query: labels) }
      if let fields = query["fieldSelector"], !fields.isEmpty { options.fields = try FieldSelector(query: fields) }
    } catch {
      throw .badRequest("\(error)")
    }
    if let name { options.fields.terms.append(.init(path: "metadata.name", isEqual: true, value: name)) }
    options.limit = try Self.integer(query["limit"])
    options.continuation = query["continue"].flatMap { $0.isEmpty ? nil : $0 }
    options.resourceVersion = query["resourceVersion"].flatMap { $0.isEmpty ? nil : $0 }
    options.sendsInitialEvents = query["sendInitialEvents"].map { Self.isTrue($0) }
    self.options = options
    try self.checkMatch(query["resourceVersionMatch"].flatMap { $0.isEmpty ? nil : $0 })
    if let version = options.resourceVersion, UInt64(version) == nil, !self.isWatch {
      throw .badRequest(
        "invalid resource version: resourceVersion: Invalid value: \"\(version)\": strconv.ParseUint: parsing "
          + "\"\(version)\": invalid syntax")
    }
  }

  private mutating func checkMatch(_ match: String?) throws(APIFailure) {
    var problems: [FieldError] = []
    let field = "resourceVersionMatch"
    if self.isWatch {
      if self.options.continuation != nil {
        problems.append(.forbidden(field, "resourceVersionMatch is forbidden when continue is provided"))
      } else if self.options.sendsInitialEvents != nil {
        if match != "NotOlderThan" {
          problems.append(.forbidden(field, "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"))
          if let match { problems.append(.notSupported(field, .string(match), supported: ["NotOlderThan"])) }
        }
      } else if match != nil {
        problems.append(
          .forbidden(field, "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"))
      }
    } else {
      if let match {
        if self.options.continuation != nil {
          problems.append(.forbidden(field, "resourceVersionMatch is forbidden when continue is provided"))
        } else if self.options.resourceVersion == nil {
          problems.append(.forbidden(field, "resourceVersionMatch is forbidden unless resourceVersion is provided"))
        } else if ListOptions.Match(rawValue: match) == nil {
          problems.append(.notSupported(field, .string(match), supported: ["Exact", "NotOlderThan", ""]))
        } else if match == "Exact", self.options.resourceVersion == "0" {
          problems.append(
            .forbidden(field, "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\""))
        }
        self.options.match = ListOptions.Match(rawValue: match)
      }
      if self.options.sendsInitialEvents != nil {
        problems.append(.forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"))
      }
    }
    guard problems.isEmpty else { throw .invalidOptions("ListOptions", problems) }
  }

  static func isTrue(_ text: String?) -> Bool {
    guard let text else { return false }
    return !["0", "f", "false"].contains(text.lowercased())
  }

  static func integer(_ text: String?) throws(APIFailure) -> Int? {
    guard let text, !text.isEmpty else { return nil }
    guard let number = Int(text) else {
      throw .badRequest("strconv.ParseInt: parsing \"\(text)\": invalid syntax")
    }
    return number
  }
}

extension WriteOptions {
  /// The parameters of a create, update or patch.
  init(_ request: APIRequest, kind: String, user: APIUser) throws(APIFailure) {
    self.init(user: user)
    var problems: [FieldError] = []
    let dryRun = request.query.values("dryRun").filter { !$0.isEmpty }
    if !dryRun.isEmpty {
      if dryRun != ["All"] {
        problems.append(.notSupported("dryRun", .strings(dryRun), supported: ["All"]))
      }
      self.dryRun = true
    }
    let manager = request.query["fieldManager"] ?? ""
    if manager.utf8.count > 128 { problems.append(.tooLong("fieldManager", maximum: 128)) }
    let agent = request.headers.first(name: "user-agent") ?? "unknown"
    self.fieldManager = manager.isEmpty ? String(agent.prefix { $0 != "/" }.prefix(128)) : manager
    if let validation = FieldValidation(parameter: request.query["fieldValidation"]) {
      self.fieldValidation = validation
    } else {
      problems.append(
        .notSupported(
          "fieldValidation", .string(request.query["fieldValidation"] ?? ""),
          supported: ["", "Ignore", "Strict", "Warn"]))
    }
    self.force = ListQuery.isTrue(request.query["force"])
    guard problems.isEmpty else { throw .invalidOptions(kind, problems) }
  }
}

extension DeleteOptions {
  /// The parameters of a deletion, which stand in its query or in its body.
  init(_ request: APIRequest) throws(APIFailure) {
    let body: JSONValue = request.body.isEmpty ? [:] : try RequestBody.object(request)
    self.init()
    var problems: [FieldError] = []
    let policy = body["propagationPolicy"]?.string ?? request.query["propagationPolicy"]
    if let policy, !policy.isEmpty {
      if body["orphanDependents"]?.bool != nil {
        problems.append(
          .invalid(
            "propagationPolicy", .string(policy), "orphanDependents and deletionPropagation cannot be both set"))
      } else if let propagation = Propagation(rawValue: policy) {
        self.propagation = propagation
      } else {
        problems.append(
          .notSupported(
            "propagationPolicy", .string(policy), supported: ["Foreground", "Background", "Orphan", "nil"]))
      }
    }
    let orphans = body["orphanDependents"]?.bool ?? request.query["orphanDependents"].map { ListQuery.isTrue($0) }
    if orphans == true { self.propagation = self.propagation ?? .orphan }
    let grace = try ListQuery.integer(request.query["gracePeriodSeconds"])
    self.gracePeriodSeconds = body["gracePeriodSeconds"]?.integer ?? grace.map { Int64($0) }
    self.expectedUID = body[path: "preconditions", "uid"]?.string
    self.expectedResourceVersion = body[path: "preconditions", "resourceVersion"]?.string
    self.dryRun = !request.query.values("dryRun").isEmpty || body["dryRun"]?.array?.isEmpty == false
    guard problems.isEmpty else { throw .invalidOptions("DeleteOptions", problems) }
  }
}
