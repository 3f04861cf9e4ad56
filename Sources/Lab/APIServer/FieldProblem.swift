import KubernetesModel

/// One field that validation refuses, with the cause's reason and text of a real API server (`field.Error`).
package struct FieldProblem: Sendable, Hashable, CustomStringConvertible {
  package enum Reason: String, Sendable, Hashable {
    case required = "FieldValueRequired"
    case invalid = "FieldValueInvalid"
    case typeInvalid = "FieldValueTypeInvalid"
    case notSupported = "FieldValueNotSupported"
    case duplicate = "FieldValueDuplicate"
    case forbidden = "FieldValueForbidden"
    case tooLong = "FieldValueTooLong"
    case notFound = "FieldValueNotFound"
  }

  package var reason: Reason
  package var field: String
  package var message: String

  package init(_ reason: Reason, _ field: String, _ message: String) {
    self.reason = reason
    self.field = field
    self.message = message
  }

  package var description: String { self.field.isEmpty ? self.message : "\(self.field): \(self.message)" }

  package static func required(_ field: String, _ detail: String = "") -> FieldProblem {
    FieldProblem(.required, field, "Required value" + (detail.isEmpty ? "" : ": \(detail)"))
  }

  package static func invalid(_ field: String, _ value: JSONValue, _ detail: String) -> FieldProblem {
    FieldProblem(.invalid, field, "Invalid value: \(value.compactText): \(detail)")
  }

  package static func forbidden(_ field: String, _ detail: String) -> FieldProblem {
    FieldProblem(.forbidden, field, "Forbidden: \(detail)")
  }

  package static func duplicate(_ field: String, _ value: JSONValue) -> FieldProblem {
    FieldProblem(.duplicate, field, "Duplicate value: \(value.compactText)")
  }

  package static func notSupported(_ field: String, _ value: JSONValue, _ supported: [String]) -> FieldProblem {
    FieldProblem(
      .notSupported, field,
      "Unsupported value: \(value.compactText): supported values: "
        + supported.map { "\"\($0)\"" }.joined(separator: ", "))
  }

  package static func tooLong(_ field: String, _ limit: Int) -> FieldProblem {
    FieldProblem(.tooLong, field, "Too long: may not be more than \(limit) bytes")
  }
}
