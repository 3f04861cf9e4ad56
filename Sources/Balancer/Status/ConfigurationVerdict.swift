import KubernetesModel

/// What one process makes of the configuration, as the status of its ConfigurationState tells it (contract section 14).
package struct ConfigurationVerdict: Sendable, Hashable {
  package enum Result: String, Sendable, Hashable {
    case valid = "Valid"
    case invalid = "Invalid"
    /// Nothing has been read yet.
    case unknown = "Unknown"
  }

  package var result: Result
  /// What is wrong, one problem a line; the server takes 32,768 characters.
  package var message: String

  /// Before everything that exists has been read.
  package static let unknown = ConfigurationVerdict(result: .unknown, message: "")

  private init(result: Result, message: String) {
    self.result = result
    self.message = message
  }

  /// The verdict on a configuration that was read. What has no effect as it is written does not make it invalid, but is
  /// told.
  package init(_ problems: [Problem]) {
    let errors = problems.filter { $0.severity != .warning }.map { "configuration error: \(Self.line($0))" }
    let warnings = problems.filter { $0.severity == .warning }.map { "warning: \(Self.line($0))" }
    self.init(result: errors.isEmpty ? .valid : .invalid, message: Self.text(errors + warnings))
  }

  /// The status of the object, with one condition of this type; `since` is when that came to be true or false, nil = now.
  package func status(conditionType: String, since: Timestamp?) -> ConfigurationState.Status {
    guard self.result != .unknown else {
      return ConfigurationState.Status(result: self.result.rawValue, conditions: [])
    }
    let isValid = self.result == .valid
    let condition = ConfigurationState.Condition(
      type: conditionType, status: isValid ? "True" : "False", lastTransitionTime: since,
      reason: isValid ? "Reconciled" : "ConfigurationError", message: self.message)
    return ConfigurationState.Status(
      result: self.result.rawValue, errorSummary: isValid ? nil : self.message, conditions: [condition])
  }

  /// Upstream's sentence first, for whoever searches for it.
  private static func line(_ problem: Problem) -> String {
    let place = problem.field.isEmpty ? "" : ", \(problem.field)"
    return "\(problem.message) (\(problem.kind) \(problem.key)\(place)). \(problem.remedy)"
  }

  private static func text(_ lines: [String]) -> String {
    var text = ""
    for (index, line) in lines.enumerated() {
      guard text.utf8.count + line.utf8.count < 30_000 else {
        return text + "\nand \(lines.count - index) more"
      }
      text += (text.isEmpty ? "" : "\n") + line
    }
    return text
  }
}
