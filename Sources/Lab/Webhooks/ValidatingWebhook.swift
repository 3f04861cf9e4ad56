import KubernetesModel

/// One validating webhook: which writes it judges, and how it is called (`admissionregistration.k8s.io/v1`).
struct ValidatingWebhook: Sendable {
  /// One write, as rules see it.
  struct Write: Sendable {
    var operation: String
    var type: ResourceType
    var subresource: String?
    /// All versions of the kind, for a rule that names another one.
    var versions: [String]
    var object: JSONValue?
    var oldObject: JSONValue?
    var namespaceLabels: [String: String]
  }

  var name: String
  var target: WebhookTarget?
  var isRequired: Bool
  var timeout: Duration
  private var rules: [JSONValue]
  private var matchesEquivalents: Bool
  private var namespaceSelector: LabelSelector
  private var objectSelector: LabelSelector

  init(_ webhook: JSONValue) {
    self.name = webhook["name"]?.string ?? ""
    self.target = WebhookTarget(webhook["clientConfig"])
    self.isRequired = webhook["failurePolicy"]?.string != "Ignore"
    self.timeout = .seconds(webhook["timeoutSeconds"]?.integer ?? 10)
    self.rules = webhook["rules"]?.array ?? []
    self.matchesEquivalents = webhook["matchPolicy"]?.string != "Exact"
    self.namespaceSelector = LabelSelector(json: webhook["namespaceSelector"])
    self.objectSelector = LabelSelector(json: webhook["objectSelector"])
  }

  /// The webhooks that may care for writes of a kind, in the order of their configurations' names.
  static func all(in configurations: [JSONValue], for type: ResourceType) -> [ValidatingWebhook] {
    configurations.sorted { $0.name < $1.name }
      .flatMap { ($0["webhooks"]?.array ?? []).map(ValidatingWebhook.init) }
      .filter { $0.mayCare(for: type) }
  }

  private func mayCare(for type: ResourceType) -> Bool {
    self.rules.contains { rule in
      (rule["apiGroups"]?.array ?? []).contains { $0.string == "*" || $0.string == type.group }
        && (rule["resources"]?.array ?? []).contains {
          $0.string?.first == "*" || $0.string?.split(separator: "/").first.map(String.init) == type.plural
        }
    }
  }

  /// The version of the kind in which the webhook wants to see a write; nil = it does not care for it.
  func version(for write: Write) -> String? {
    guard self.namespaceSelector.matches(write.namespaceLabels),
      [write.object, write.oldObject].contains(where: { $0.map { self.objectSelector.matches($0.labels) } ?? false })
    else { return nil }
    let asked = write.type.version
    let candidates = self.matchesEquivalents ? [asked] + write.versions.filter { $0 != asked } : [asked]
    return candidates.first { version in self.rules.contains { Self.matches($0, write, version: version) } }
  }

  private static func matches(_ rule: JSONValue, _ write: Write, version: String) -> Bool {
    func lists(_ field: String, _ value: String) -> Bool {
      (rule[field]?.array ?? []).contains { $0.string == "*" || $0.string == value }
    }
    let scope = rule["scope"]?.string ?? "*"
    guard scope == "*" || (scope == "Namespaced") == write.type.isNamespaced else { return false }
    guard lists("operations", write.operation), lists("apiGroups", write.type.group), lists("apiVersions", version)
    else { return false }
    return (rule["resources"]?.array ?? []).compactMap(\.string).contains { pattern in
      let parts = pattern.split(separator: "/", maxSplits: 1).map(String.init)
      guard let first = parts.first, first == "*" || first == write.type.plural else { return false }
      if pattern == "*/*" { return true }
      guard let wanted = parts.count > 1 ? parts[1] : nil else { return write.subresource == nil }
      return wanted == "*" || wanted == write.subresource
    }
  }
}
