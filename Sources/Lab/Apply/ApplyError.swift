import KubernetesModel

/// Why a configuration cannot be applied.
package enum ApplyError: Error, Sendable, Hashable, CustomStringConvertible {
  package struct Conflict: Sendable, Hashable {
    package var manager: ManagedFields.Manager
    package var path: FieldPath
  }

  case managedFieldsNotNil
  /// The configuration does not fit the schema.
  case misfit(String)
  /// Others have set these fields to other values.
  case conflicts([Conflict])

  package var description: String {
    switch self {
    case .managedFieldsNotNil: return "metadata.managedFields must be nil"
    case .misfit(let sentence): return sentence
    case .conflicts(let conflicts):
      if conflicts.count == 1 {
        return "Apply failed with 1 conflict: conflict with \(conflicts[0].manager.sentence): \(conflicts[0].path)"
      }
      var lines: [String] = []
      var last: ManagedFields.Manager?
      for conflict in conflicts {
        if conflict.manager != last { lines.append("conflicts with \(conflict.manager.sentence):") }
        last = conflict.manager
        lines.append("- \(conflict.path)")
      }
      return "Apply failed with \(conflicts.count) conflicts: \(lines.joined(separator: "\n"))"
    }
  }

  /// The body of the answer.
  package var status: APIStatus {
    switch self {
    case .managedFieldsNotNil:
      APIStatus(status: "Failure", message: self.description, reason: "BadRequest", code: 400)
    case .misfit: APIStatus(status: "Failure", message: self.description, code: 500)
    case .conflicts(let conflicts):
      APIStatus(
        status: "Failure", message: self.description, reason: "Conflict", code: 409,
        details: APIStatus.Details(
          causes: conflicts.map { conflict in
            APIStatus.Cause(
              reason: "FieldManagerConflict", message: "conflict with \(conflict.manager.sentence)",
              field: conflict.path.description)
          }))
    }
  }
}
