import KubernetesModel

/// A kind that the API server serves: its names and verbs, where its objects are kept and by which rules.
package struct ResourceDefinition: Sendable {
  package var type: ResourceType
  package var singular: String
  package var shortNames: [String]
  package var categories: [String]
  package var verbs: [String]
  /// `status`, `scale`, `log` and the like.
  package var subresources: [String]
  /// Where objects are kept; kinds that are two views of one thing share it.
  package var collection: ResourceCollection
  package var rules: any KindRules
  /// What a CRD says of the version, for custom resources.
  package var custom: CustomResource?
  /// The kind of the answer to a create where it is not stored, as reviews are.
  package var isStored = true

  package init(
    _ type: ResourceType, singular: String? = nil, shortNames: [String] = [], categories: [String] = [],
    verbs: [String] = ResourceDefinition.allVerbs, subresources: [String] = [], collection: ResourceCollection? = nil,
    rules: any KindRules = PlainRules(), custom: CustomResource? = nil
  ) {
    self.type = type
    self.singular = singular ?? type.kind.lowercased()
    self.shortNames = shortNames
    self.categories = categories
    self.verbs = verbs
    self.subresources = subresources
    self.collection = collection ?? type.collection
    self.rules = rules
    self.custom = custom
  }

  package static let allVerbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]

  package var hasStatus: Bool { self.subresources.contains("status") }
  package var isCustom: Bool { self.custom != nil }

  /// The version in which objects are kept, if a webhook makes this one of it.
  var convertedFrom: ResourceType? {
    guard let custom, custom.isConverted, custom.storageVersion != self.type.version else { return nil }
    return ResourceType(
      group: self.type.group, version: custom.storageVersion, plural: self.type.plural, kind: self.type.kind,
      isNamespaced: self.type.isNamespaced)
  }

  /// The object as this kind shows it.
  package func presented(_ object: JSONValue) -> JSONValue {
    var object = self.rules.presented(object, as: self.type)
    object["apiVersion"] = .string(self.type.apiVersion)
    object["kind"] = .string(self.type.kind)
    return object
  }
}

/// What one version of a CRD says of its objects.
package struct CustomResource: Sendable {
  package var schema: StructuralSchema?
  /// The same as the CRD has it, for the OpenAPI documents.
  package var openAPISchema: JSONValue?
  package var printerColumns: [JSONValue]
  package var selectableFields: [String]
  package var deprecationWarning: String?
  package var storageVersion: String
  /// Whether a webhook puts objects into the other versions, which otherwise differ in nothing but the version.
  package var isConverted: Bool
}

/// The rules of one kind: defaults, what a write may not change, what makes an object invalid.
package protocol KindRules: Sendable {
  /// Whether `metadata.generation` counts the changes of what is asked for.
  var countsGenerations: Bool { get }
  /// Whether a PUT to a name that does not exist creates the object.
  var createsOnUpdate: Bool { get }
  /// Whether a PUT must say which version it replaces.
  var requiresResourceVersion: Bool { get }
  /// What can be selected on besides name and namespace.
  var selectableFields: [String] { get }
  /// Whether deleting answers with the object.
  var deletionAnswersObject: Bool { get }

  func nameProblem(_ name: String) -> String?
  func setDefaults(_ object: inout JSONValue)
  func prepareCreate(_ object: inout JSONValue)
  func prepareUpdate(_ object: inout JSONValue, old: JSONValue)
  func prepareStatusUpdate(_ object: inout JSONValue, old: JSONValue)
  func problems(in object: JSONValue, old: JSONValue?) -> [FieldError]
  /// Whether a write asks for something else than before, which `metadata.generation` counts.
  func isNewGeneration(_ object: JSONValue, of old: JSONValue, subresource: String?) -> Bool
  func warnings(for object: JSONValue) -> [String]
  func presented(_ object: JSONValue, as type: ResourceType) -> JSONValue
}

extension KindRules {
  package var countsGenerations: Bool { false }
  package var createsOnUpdate: Bool { false }
  package var requiresResourceVersion: Bool { false }
  package var selectableFields: [String] { [] }
  package var deletionAnswersObject: Bool { false }

  package func isNewGeneration(_ object: JSONValue, of old: JSONValue, subresource: String?) -> Bool {
    object.asked != old.asked
  }

  package func nameProblem(_ name: String) -> String? { NameRules.subdomainProblem(name) }
  package func setDefaults(_ object: inout JSONValue) {}
  package func prepareCreate(_ object: inout JSONValue) {}
  package func prepareUpdate(_ object: inout JSONValue, old: JSONValue) {}

  /// A status write changes the status, labels and annotations, and nothing else.
  package func prepareStatusUpdate(_ object: inout JSONValue, old: JSONValue) {
    var merged = old
    merged["status"] = object["status"]
    merged["metadata"] = object["metadata"]
    object = merged
  }

  package func problems(in object: JSONValue, old: JSONValue?) -> [FieldError] { [] }
  package func warnings(for object: JSONValue) -> [String] { [] }
  package func presented(_ object: JSONValue, as type: ResourceType) -> JSONValue { object }
}

/// Kinds without rules of their own.
package struct PlainRules: KindRules {
  package var createsOnUpdate: Bool
  package var countsGenerations: Bool
  package var hasPathSegmentNames: Bool
  package var requiresResourceVersion: Bool

  package init(
    createsOnUpdate: Bool = false, countsGenerations: Bool = false, hasPathSegmentNames: Bool = false,
    requiresResourceVersion: Bool = false
  ) {
    self.createsOnUpdate = createsOnUpdate
    self.countsGenerations = countsGenerations
    self.hasPathSegmentNames = hasPathSegmentNames
    self.requiresResourceVersion = requiresResourceVersion
  }

  package func nameProblem(_ name: String) -> String? {
    self.hasPathSegmentNames ? NameRules.pathSegmentProblem(name) : NameRules.subdomainProblem(name)
  }
}
