import KubernetesModel

/// An entry of `x-kubernetes-validations`: an expression over `self` (and `oldSelf`) that must be true.
package struct CELRule: Sendable {
  package let text: String
  package let expression: CELExpression
  package let message: String?
  package let messageExpression: CELExpression?
  package let kind: FieldError.Kind
  /// The field below the rule's place that the error names, such as `.addresses`.
  package let fieldPath: String
  package let optionalOldSelf: Bool

  package init(_ entry: JSONValue) throws(CELError) {
    guard let text = entry["rule"]?.string else { throw .syntax("rule is required", at: 0) }
    self.text = text
    self.expression = try CELExpression(text)
    self.message = entry["message"]?.string.flatMap { $0.isEmpty ? nil : $0 }
    self.messageExpression = try entry["messageExpression"]?.string.map { text throws(CELError) in
      try CELExpression(text)
    }
    self.kind = entry["reason"]?.string.flatMap(FieldError.Kind.init) ?? .invalid
    self.fieldPath = entry["fieldPath"]?.string ?? ""
    self.optionalOldSelf = entry["optionalOldSelf"]?.bool ?? false
  }

  /// The error when `value` breaks the rule; a rule about a transition holds where there is nothing to compare with.
  func violation(by value: JSONValue, old: JSONValue?, at path: String) -> FieldError? {
    var variables = ["self": CELValue(value)]
    if self.expression.usesOldSelf {
      guard let old else { return nil }
      variables["oldSelf"] = CELValue(old)
    }
    let field =
      path.isEmpty && self.fieldPath.hasPrefix(".") ? String(self.fieldPath.dropFirst()) : path + self.fieldPath
    do throws(CELError) {
      if try self.expression.evaluate(variables) == .bool(true) { return nil }
    } catch {
      return .invalid(field, value.named, "rule evaluation error: \(error.description)")
    }
    return self.error(field, value, self.sentence(variables))
  }

  private func sentence(_ variables: [String: CELValue]) -> String {
    if let expression = self.messageExpression, case .string(let text)? = try? expression.evaluate(variables) {
      return text
    }
    return self.message ?? "failed rule: \(self.text)"
  }

  private func error(_ field: String, _ value: JSONValue, _ sentence: String) -> FieldError {
    switch self.kind {
    case .required: .required(field, sentence)
    case .forbidden: .forbidden(field, sentence)
    case .duplicate: .duplicate(field, value)
    default: .invalid(field, value.named, sentence)
    }
  }
}

extension JSONValue {
  /// The value as a sentence names it; lists and objects are left out.
  fileprivate var named: JSONValue? { self.array == nil && self.object == nil ? .some(self) : .none }
}
