import KubernetesModel

/// One field of an object that the API server does not accept, with the server's sentence.
package struct FieldError: Error, Sendable, Hashable, CustomStringConvertible {
  package enum Kind: String, Sendable, Hashable {
    case required = "FieldValueRequired"
    case invalid = "FieldValueInvalid"
    case typeInvalid = "FieldValueTypeInvalid"
    case notSupported = "FieldValueNotSupported"
    case duplicate = "FieldValueDuplicate"
    case forbidden = "FieldValueForbidden"
    case tooLong = "FieldValueTooLong"
    case tooMany = "FieldValueTooMany"
  }

  package var kind: Kind
  /// `spec.addresses[0]`.
  package var field: String
  /// The sentence without the field, such as `Required value`.
  package var message: String

  package var description: String { "\(self.field): \(self.message)" }

  package static func required(_ field: String, _ detail: String = "") -> FieldError {
    FieldError(kind: .required, field: field, message: detail.isEmpty ? "Required value" : "Required value: \(detail)")
  }

  /// Objects and lists are left out of the sentence when `value` is nil.
  package static func invalid(_ field: String, _ value: JSONValue?, _ detail: String) -> FieldError {
    let text = value.map { "\($0.compactTextUnescaped): " } ?? ""
    return FieldError(kind: .invalid, field: field, message: "Invalid value: \(text)\(detail)")
  }

  package static func typeInvalid(_ field: String, _ value: JSONValue, _ detail: String) -> FieldError {
    FieldError(kind: .typeInvalid, field: field, message: "Invalid value: \(value.compactTextUnescaped): \(detail)")
  }

  package static func notSupported(_ field: String, _ value: JSONValue, supported: [JSONValue]) -> FieldError {
    let list = supported.map(\.compactTextUnescaped).joined(separator: ", ")
    return FieldError(
      kind: .notSupported, field: field,
      message: "Unsupported value: \(value.compactTextUnescaped): supported values: \(list)")
  }

  package static func duplicate(_ field: String, _ value: JSONValue) -> FieldError {
    FieldError(kind: .duplicate, field: field, message: "Duplicate value: \(value.compactTextUnescaped)")
  }

  package static func forbidden(_ field: String, _ detail: String) -> FieldError {
    FieldError(kind: .forbidden, field: field, message: "Forbidden: \(detail)")
  }

  package static func tooLong(_ field: String, maximum: Int64) -> FieldError {
    FieldError(kind: .tooLong, field: field, message: "Too long: may not be more than \(maximum) bytes")
  }

  package static func tooMany(_ field: String, _ count: Int, maximum: Int64) -> FieldError {
    FieldError(kind: .tooMany, field: field, message: "Too many: \(count): must have at most \(maximum) items")
  }

  /// The 422 that lists all of them.
  package static func status(_ errors: [FieldError], kind: String, group: String, name: String) -> APIStatus {
    var seen: Set<String> = []
    let sentences = errors.map(\.description).filter { seen.insert($0).inserted }
    let list = sentences.count == 1 ? sentences[0] : "[\(sentences.joined(separator: ", "))]"
    return APIStatus(
      status: "Failure", message: "\(group.isEmpty ? kind : "\(kind).\(group)") \"\(name)\" is invalid: \(list)",
      reason: "Invalid", code: 422,
      details: APIStatus.Details(
        name: name, group: group.isEmpty ? nil : group, kind: kind,
        causes: errors.map { APIStatus.Cause(reason: $0.kind.rawValue, message: $0.message, field: $0.field) }))
  }
}

/// What the server does about fields that its schema does not know (`fieldValidation`).
package enum FieldValidation: String, Sendable, Hashable {
  case ignore = "Ignore"
  case warn = "Warn"
  case strict = "Strict"

  /// Absent and empty mean to warn.
  package init?(parameter: String?) {
    switch parameter {
    case nil, "": self = .warn
    case .some(let text):
      guard let value = FieldValidation(rawValue: text) else { return nil }
      self = value
    }
  }

  /// The texts of the Warning headers for unknown fields.
  package static func warnings(unknown fields: [String]) -> [String] {
    fields.map { "unknown field \"\($0)\"" }
  }

  /// The sentence that refuses an object with unknown fields: part of a 400 on POST and PUT, of a 422 on PATCH.
  package static func strictError(unknown fields: [String]) -> String {
    "strict decoding error: \(self.warnings(unknown: fields).joined(separator: ", "))"
  }

  /// The 400 for a body with unknown fields.
  package static func refusal(unknown fields: [String], type: ResourceType) -> APIStatus {
    let sentence = "\(type.kind) in version \"\(type.version)\" cannot be handled as a \(type.kind)"
    return APIStatus(
      status: "Failure", message: "\(sentence): \(self.strictError(unknown: fields))", reason: "BadRequest", code: 400)
  }

  /// The 422 for a patch whose result has unknown fields or cannot be decoded.
  package static func patchRefusal(_ reason: String, result: JSONValue) -> APIStatus {
    let error = FieldError.invalid("patch", .string(result.compactText), reason)
    var status = FieldError.status([error], kind: "", group: "", name: "")
    status.details = APIStatus.Details(causes: status.details?.causes)
    return status
  }
}
