import KubernetesModel

/// The rules of custom resources: their own schema does most of the work.
struct CustomResourceRules: KindRules {
  let hasStatus: Bool

  var countsGenerations: Bool { true }
  var requiresResourceVersion: Bool { true }

  func prepareCreate(_ object: inout JSONValue) {
    if self.hasStatus { object["status"] = nil }
  }

  func prepareUpdate(_ object: inout JSONValue, old: JSONValue) {
    if self.hasStatus { object["status"] = old["status"] }
  }

  /// Metadata stays as it is, unlike with built-in kinds.
  func prepareStatusUpdate(_ object: inout JSONValue, old: JSONValue) {
    var merged = old
    merged["status"] = object["status"]
    merged.setMetadata("resourceVersion", object.metadata("resourceVersion"))
    merged.setMetadata("managedFields", object.metadata("managedFields"))
    object = merged
  }

  func warnings(for object: JSONValue) -> [String] {
    object.finalizers.filter { !$0.contains("/") && !["foregroundDeletion", "orphan"].contains($0) }.map {
      "metadata.finalizers: \"\($0)\": prefer a domain-qualified finalizer name to avoid accidental conflicts with other "
        + "finalizer writers"
    }
  }
}

/// CustomResourceDefinitions.
struct DefinitionRules: KindRules {
  var countsGenerations: Bool { true }
  var deletionAnswersObject: Bool { true }

  func setDefaults(_ object: inout JSONValue) {
    object.mutate("spec") { spec in
      spec.mutate("names") { names in
        let kind = names["kind"]?.string ?? ""
        if names["singular"] == nil { names["singular"] = .string(kind.lowercased()) }
        if names["listKind"] == nil { names["listKind"] = .string(kind + "List") }
      }
      if spec["conversion"] == nil { spec["conversion"] = ["strategy": "None"] }
    }
  }

  func prepareCreate(_ object: inout JSONValue) {
    let storage = (object[path: "spec", "versions"]?.array ?? []).first { $0["storage"]?.bool == true }
    object["status"] = [
      "conditions": .null, "acceptedNames": ["plural": "", "kind": ""],
      "storedVersions": .array([storage?["name"]].compactMap { $0 }),
    ]
  }

  func prepareUpdate(_ object: inout JSONValue, old: JSONValue) {
    object["status"] = old["status"]
  }

  func problems(in object: JSONValue, old: JSONValue?) -> [FieldError] {
    guard let spec = object["spec"] else { return [.required("spec")] }
    var problems: [FieldError] = []
    let group = spec["group"]?.string ?? ""
    let plural = spec[path: "names", "plural"]?.string ?? ""
    if object.name != "\(plural).\(group)" {
      problems.append(.invalid("metadata.name", .string(object.name), "must be spec.names.plural+\".\"+spec.group"))
    }
    if group.isEmpty { problems.append(.required("spec.group")) }
    if spec[path: "names", "kind"]?.string?.isEmpty != false { problems.append(.required("spec.names.kind")) }
    if plural.isEmpty { problems.append(.required("spec.names.plural")) }
    if !["Cluster", "Namespaced"].contains(spec["scope"]?.string ?? "") {
      problems.append(
        spec["scope"] == nil
          ? .required("spec.scope")
          : .notSupported("spec.scope", spec["scope"] ?? .null, supported: ["Cluster", "Namespaced"]))
    }
    let versions = spec["versions"]?.array ?? []
    if versions.filter({ $0["storage"]?.bool == true }).count != 1 {
      problems.append(
        .invalid("spec.versions", .array(versions), "must have exactly one version marked as storage version"))
    }
    for (index, version) in versions.enumerated() where version[path: "schema", "openAPIV3Schema"] == nil {
      problems.append(.required("spec.versions[\(index)].schema.openAPIV3Schema"))
    }
    if let old, old[path: "spec", "scope"] != spec["scope"] {
      problems.append(.invalid("spec.scope", spec["scope"] ?? .null, "field is immutable"))
    }
    return problems
  }
}
