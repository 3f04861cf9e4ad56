import KubernetesModel

/// ConfigMaps: keys that can be file names, and `immutable`.
struct ConfigRules: KindRules {
  func problems(in object: JSONValue, old: JSONValue?) -> [FieldError] {
    ConfigRules.problems(in: object, old: old, members: ["data", "binaryData"], what: "ConfigMap")
  }

  static func problems(in object: JSONValue, old: JSONValue?, members: [String], what: String) -> [FieldError] {
    var problems: [FieldError] = []
    var size = 0
    if old?["immutable"]?.bool == true {
      if object["immutable"]?.bool != true {
        problems.append(.forbidden("immutable", "field is immutable when `immutable` is set"))
      }
      for member in members where old?[member] != object[member] {
        problems.append(.forbidden(member, "field is immutable when `immutable` is set"))
      }
    }
    for member in members {
      for (key, value) in (object[member]?.object ?? [:]).sorted(by: { $0.key < $1.key }) {
        size += value.string?.utf8.count ?? 0
        if let problem = NameRules.configKeyProblem(key) {
          problems.append(.invalid("\(member)[\(key)]", .string(key), problem))
        }
      }
    }
    if size > 1 << 20 { problems.append(.tooLong(what == "ConfigMap" ? "[]" : "data", maximum: 1 << 20)) }
    return problems
  }
}

/// Secrets: `stringData` becomes `data`, the type is fixed.
struct SecretRules: KindRules {
  var selectableFields: [String] { ["type"] }

  func setDefaults(_ object: inout JSONValue) {
    if object["type"]?.string?.isEmpty != false { object["type"] = "Opaque" }
    guard let texts = object["stringData"]?.object else { return }
    object["stringData"] = nil
    object.mutate("data") { data in
      for (key, value) in texts { data[key] = .string(Base64.encode(Array((value.string ?? "").utf8))) }
    }
  }

  func problems(in object: JSONValue, old: JSONValue?) -> [FieldError] {
    var problems = ConfigRules.problems(in: object, old: old, members: ["data"], what: "Secret")
    if let old, old["type"] != object["type"] {
      problems.append(.invalid("type", object["type"] ?? .null, "field is immutable"))
    }
    return problems
  }
}

/// Namespaces: born active, gone when their content is.
struct NamespaceRules: KindRules {
  var selectableFields: [String] { ["name", "status.phase"] }
  var deletionAnswersObject: Bool { true }

  func nameProblem(_ name: String) -> String? { NameRules.labelProblem(name) }

  func setDefaults(_ object: inout JSONValue) {
    let name = object.name
    guard !name.isEmpty else { return }
    object.mutate("metadata") { metadata in
      metadata.mutate("labels") { $0["kubernetes.io/metadata.name"] = .string(name) }
    }
  }

  func prepareCreate(_ object: inout JSONValue) {
    object["spec"] = ["finalizers": ["kubernetes"]]
    object["status"] = ["phase": "Active"]
  }

  func prepareUpdate(_ object: inout JSONValue, old: JSONValue) {
    object["spec"] = old["spec"]
    object["status"] = old["status"]
  }
}

/// Nodes.
struct NodeRules: KindRules {
  var selectableFields: [String] { ["spec.unschedulable"] }
  var createsOnUpdate: Bool { false }

  func prepareCreate(_ object: inout JSONValue) {
    if object["spec"] == nil { object["spec"] = [:] }
  }

  func prepareUpdate(_ object: inout JSONValue, old: JSONValue) {
    object["status"] = old["status"]
    if object[path: "spec", "unschedulable"]?.bool == false { object.mutate("spec") { $0["unschedulable"] = nil } }
  }
}

/// Leases.
struct LeaseRules: KindRules {
  var createsOnUpdate: Bool { true }
  var requiresResourceVersion: Bool { true }

  func problems(in object: JSONValue, old: JSONValue?) -> [FieldError] {
    guard let duration = object[path: "spec", "leaseDurationSeconds"]?.integer, duration <= 0 else { return [] }
    return [.invalid("spec.leaseDurationSeconds", .integer(duration), "must be greater than 0")]
  }
}

/// EndpointSlices: the address type never changes.
struct EndpointSliceRules: KindRules {
  var countsGenerations: Bool { true }

  func setDefaults(_ object: inout JSONValue) {
    guard var ports = object["ports"]?.array else { return }
    for index in ports.indices {
      if ports[index]["name"] == nil { ports[index]["name"] = "" }
      if ports[index]["protocol"] == nil { ports[index]["protocol"] = "TCP" }
    }
    object["ports"] = .array(ports)
  }

  func problems(in object: JSONValue, old: JSONValue?) -> [FieldError] {
    var problems: [FieldError] = []
    switch object["addressType"]?.string {
    case nil: problems.append(.required("addressType"))
    case "IPv4", "IPv6", "FQDN": break
    case .some:
      problems.append(
        .notSupported("addressType", object["addressType"] ?? .null, supported: ["FQDN", "IPv4", "IPv6"]))
    }
    if let old, old["addressType"] != object["addressType"] {
      problems.append(.invalid("addressType", object["addressType"] ?? .null, "field is immutable"))
    }
    return problems
  }
}

/// Endpoints, which new clients no longer read.
struct EndpointsRules: KindRules {
  var createsOnUpdate: Bool { true }

  func warnings(for object: JSONValue) -> [String] {
    ["v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"]
  }
}

/// Role bindings: the role never changes.
struct BindingRules: KindRules {
  var createsOnUpdate: Bool { true }

  func nameProblem(_ name: String) -> String? { NameRules.pathSegmentProblem(name) }

  func setDefaults(_ object: inout JSONValue) {
    object.mutate("roleRef") { if $0["apiGroup"] == nil { $0["apiGroup"] = "rbac.authorization.k8s.io" } }
    guard var subjects = object["subjects"]?.array else { return }
    for index in subjects.indices where subjects[index]["apiGroup"] == nil {
      if subjects[index]["kind"]?.string != "ServiceAccount" {
        subjects[index]["apiGroup"] = "rbac.authorization.k8s.io"
      }
    }
    object["subjects"] = .array(subjects)
  }

  func problems(in object: JSONValue, old: JSONValue?) -> [FieldError] {
    var problems: [FieldError] = []
    if object[path: "roleRef", "name"]?.string?.isEmpty != false { problems.append(.required("roleRef.name")) }
    if let old, let role = object["roleRef"], old["roleRef"] != role {
      problems.append(.invalid("roleRef", role, "cannot change roleRef"))
    }
    return problems
  }
}

/// Events, which two API groups show in two forms; they are kept in the core group's.
struct EventRules: KindRules {
  var createsOnUpdate: Bool { true }
  var selectableFields: [String] {
    [
      "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid",
      "involvedObject.apiVersion", "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason",
      "reportingComponent", "source", "type",
    ]
  }

  /// Turns an events.k8s.io event into the core group's form.
  func setDefaults(_ object: inout JSONValue) {
    for (new, old) in Self.names where object[new] != nil {
      object[old] = object[new]
      object[new] = nil
    }
    if object["metadata"] != nil, object["source"] == nil { object["source"] = [:] }
    for name in ["firstTimestamp", "lastTimestamp", "eventTime"] where object[name] == nil { object[name] = .null }
    for name in ["reportingComponent", "reportingInstance"] where object[name] == nil { object[name] = "" }
  }

  func presented(_ object: JSONValue, as type: ResourceType) -> JSONValue {
    guard type.group == "events.k8s.io" else { return object }
    var object = object
    for (new, old) in Self.names {
      object[new] = object[old]
      object[old] = nil
    }
    return object
  }

  private static let names = [
    ("regarding", "involvedObject"), ("note", "message"), ("reportingController", "reportingComponent"),
    ("deprecatedSource", "source"), ("deprecatedFirstTimestamp", "firstTimestamp"),
    ("deprecatedLastTimestamp", "lastTimestamp"), ("deprecatedCount", "count"),
  ]

  func problems(in object: JSONValue, old: JSONValue?) -> [FieldError] {
    let involved = object[path: "involvedObject", "namespace"]?.string ?? ""
    if !involved.isEmpty, involved != object.namespace {
      return [
        .invalid("involvedObject.namespace", .string(involved), "does not match event.namespace")
      ]
    }
    return []
  }
}
