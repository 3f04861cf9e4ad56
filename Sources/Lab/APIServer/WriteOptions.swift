import KubernetesModel

/// Who asks, as authentication found out.
package struct APIUser: Sendable, Hashable {
  package var name: String
  package var groups: [String]
  package var uid: String

  package init(name: String, groups: [String] = [], uid: String = "") {
    self.name = name
    self.groups = groups
    self.uid = uid
  }

  /// The lab's own controllers.
  package static let system = APIUser(name: "system:lab", groups: ["system:masters", "system:authenticated"])
  package static let anonymous = APIUser(name: "system:anonymous", groups: ["system:unauthenticated"])
}

/// How a write is to be done, and by whom.
package struct WriteOptions: Sendable, Hashable {
  package var dryRun = false
  package var fieldManager: String
  package var fieldValidation: FieldValidation
  package var force = false
  package var user: APIUser
  /// The version of the form that webhooks saw this write replace, empty if there was none; nil = they were not asked.
  package var reviewedVersion: String?

  package init(
    dryRun: Bool = false, fieldManager: String = "lab", fieldValidation: FieldValidation = .ignore,
    force: Bool = false, user: APIUser = .system
  ) {
    self.dryRun = dryRun
    self.fieldManager = fieldManager
    self.fieldValidation = fieldValidation
    self.force = force
    self.user = user
  }
}

/// How an object is to be deleted (`metav1.DeleteOptions`).
package struct DeleteOptions: Sendable, Hashable {
  package enum Propagation: String, Sendable, Hashable, CaseIterable {
    case foreground = "Foreground"
    case background = "Background"
    case orphan = "Orphan"
  }

  package var dryRun = false
  package var propagation: Propagation?
  package var gracePeriodSeconds: Int64?
  package var expectedUID: String?
  package var expectedResourceVersion: String?

  package init(propagation: Propagation? = nil, gracePeriodSeconds: Int64? = nil) {
    self.propagation = propagation
    self.gracePeriodSeconds = gracePeriodSeconds
  }
}

/// A patch of one of the four kinds.
package enum ObjectPatch: Sendable, Hashable {
  case json(JSONValue)
  case merge(JSONValue)
  case strategic(JSONValue)
  case apply(JSONValue)
}

/// The result of a write that was done.
package struct WriteResult: Sendable, Hashable {
  package var object: JSONValue
  /// What it replaces, if anything.
  package var old: JSONValue?
  package var warnings: [String] = []
  package var isNew = false
}

/// Some objects of a kind at one moment.
package struct ResourceListing: Sendable, Hashable {
  package var items: [JSONValue]
  package var resourceVersion: String
  package var continuation: String?
  package var remaining: Int?
}

/// Which objects a list or a watch wants.
package struct ListOptions: Sendable, Hashable {
  package enum Match: String, Sendable, Hashable {
    case exact = "Exact"
    case notOlderThan = "NotOlderThan"
  }

  package var labels: LabelSelector
  package var fields: FieldSelector
  package var limit: Int?
  package var continuation: String?
  package var resourceVersion: String?
  package var match: Match?
  package var sendsInitialEvents: Bool?

  package init(
    labels: LabelSelector = LabelSelector(), fields: FieldSelector? = nil, limit: Int? = nil,
    continuation: String? = nil, resourceVersion: String? = nil, match: Match? = nil, sendsInitialEvents: Bool? = nil
  ) {
    self.labels = labels
    self.fields = fields ?? .everything
    self.limit = limit
    self.continuation = continuation
    self.resourceVersion = resourceVersion
    self.match = match
    self.sendsInitialEvents = sendsInitialEvents
  }

  package func matches(_ object: JSONValue) -> Bool {
    self.labels.matches(object.labels) && self.fields.matches(object)
  }
}
