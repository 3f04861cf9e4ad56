import KubernetesModel

/// The problems of one object while it is read, each under the words that sentences about this kind begin with.
struct ProblemList: Sendable {
  let kind: String
  let key: ObjectKey
  /// Such as `parsing peer router-1 `; empty for kinds whose sentences stand alone.
  let prefix: String
  private(set) var problems: [Problem] = []

  init(_ kind: String, _ key: ObjectKey, prefix: String = "") {
    self.kind = kind
    self.key = key
    self.prefix = prefix
  }

  /// Whether the object cannot be used as it is.
  var isFatal: Bool { self.problems.contains { $0.severity != .warning } }

  mutating func report(
    _ field: String, _ message: String, remedy: String, severity: Problem.Severity = .invalid
  ) {
    self.problems.append(
      Problem(
        kind: self.kind, key: self.key, field: field, message: self.prefix + message, remedy: remedy,
        severity: severity))
  }

  /// Reports what does no harm to the object; such sentences stand alone.
  mutating func warn(_ field: String, _ message: String, remedy: String) {
    self.problems.append(
      Problem(
        kind: self.kind, key: self.key, field: field, message: message, remedy: remedy, severity: .warning))
  }

  mutating func report(_ findings: [SelectorCheck.Finding]) {
    for finding in findings { self.report(finding.field, finding.message, remedy: finding.remedy) }
  }
}
