import KubernetesModel

extension APIRegistry {
  /// What stands between a write and the store: allocation, webhooks, validation.
  func admit(
    _ object: inout JSONValue, old: JSONValue?, _ definition: ResourceDefinition, options: WriteOptions
  ) throws(APIFailure) {
    var problems: [FieldError] = []
    if definition.collection == BuiltInResources.services.collection {
      problems += self.services.complete(&object, old: old, dice: &self.dice)
    }
    problems = MetadataRules.problems(in: object, old: old, definition) + problems
    problems += definition.rules.problems(in: object, old: old)
    problems += definition.schemaProblems(in: object, old: old)
    guard problems.isEmpty else { throw .invalid(definition.type, object.name, problems) }
  }
}

/// What every object's metadata must satisfy.
enum MetadataRules {
  static func problems(in object: JSONValue, old: JSONValue?, _ definition: ResourceDefinition) -> [FieldError] {
    var problems: [FieldError] = []
    let name = object.name
    if name.isEmpty {
      problems.append(.required("metadata.name", "name or generateName is required"))
    } else if old == nil, let problem = definition.rules.nameProblem(name) {
      problems.append(.invalid("metadata.name", .string(name), problem))
    }
    for (key, value) in (object.metadata("labels")?.object ?? [:]).sorted(by: { $0.key < $1.key }) {
      if let problem = NameRules.labelKeyProblem(key) {
        problems.append(.invalid("metadata.labels", .string(key), problem))
      }
      if let problem = NameRules.labelValueProblem(value.string ?? "") {
        problems.append(.invalid("metadata.labels", value, problem))
      }
    }
    var size = 0
    for (key, value) in (object.metadata("annotations")?.object ?? [:]).sorted(by: { $0.key < $1.key }) {
      size += key.utf8.count + (value.string?.utf8.count ?? 0)
      if let problem = NameRules.labelKeyProblem(key.lowercased()) {
        problems.append(.invalid("metadata.annotations", .string(key), problem))
      }
    }
    if size > 256 << 10 { problems.append(.tooLong("metadata.annotations", maximum: 256 << 10)) }
    problems += Self.ownerProblems(object)
    for (index, finalizer) in object.finalizers.enumerated() where !definition.isCustom {
      if !finalizer.contains("/"), !["foregroundDeletion", "orphan", "kubernetes"].contains(finalizer) {
        problems.append(
          .invalid(
            "metadata.finalizers[\(index)]", .string(finalizer),
            "name is neither a standard finalizer name nor is it fully qualified"))
      }
    }
    if let old, old.isTerminating {
      let added = object.finalizers.filter { !old.finalizers.contains($0) }
      if !added.isEmpty {
        let list = added.map { "\"\($0)\"" }.joined(separator: ", ")
        let detail =
          "no new finalizers can be added if the object is being deleted, found new finalizers []string{\(list)}"
        problems.append(.forbidden("metadata.finalizers", detail))
      }
    }
    return problems
  }

  private static func ownerProblems(_ object: JSONValue) -> [FieldError] {
    var problems: [FieldError] = []
    let owners = object.ownerReferences
    for owner in owners {
      if owner["apiVersion"]?.string?.isEmpty != false {
        problems.append(.invalid("metadata.ownerReferences.apiVersion", "", "version must not be empty"))
      }
      if owner["kind"]?.string?.isEmpty != false {
        problems.append(.invalid("metadata.ownerReferences.kind", "", "must not be empty"))
      }
      if owner["name"]?.string?.isEmpty != false {
        problems.append(.invalid("metadata.ownerReferences.name", "", "must not be empty"))
      }
      if owner["uid"]?.string?.isEmpty != false {
        problems.append(.invalid("metadata.ownerReferences.uid", "", "must not be empty"))
      }
    }
    let controllers = owners.filter { $0["controller"]?.bool == true }
    if controllers.count > 1 {
      func text(_ owner: JSONValue) -> String { "\(owner["kind"]?.string ?? "")/\(owner["name"]?.string ?? "")" }
      problems.append(
        .invalid(
          "metadata.ownerReferences", .array(owners),
          "Only one reference can have Controller set to true. Found \"true\" in references for \(text(controllers[0])) "
            + "and \(text(controllers[1]))"))
    }
    return problems
  }
}

extension JSONValue {
  /// The value without members that are null, as a typed decoder forgets them.
  package func droppingNulls() -> JSONValue {
    switch self {
    case .object(let members):
      .object(members.compactMapValues { $0 == .null ? nil : $0.droppingNulls() })
    case .array(let elements): .array(elements.map { $0.droppingNulls() })
    default: self
    }
  }
}
