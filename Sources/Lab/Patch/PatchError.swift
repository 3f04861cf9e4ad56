import KubernetesModel

/// Why a patch cannot be applied; the code, reason and message are those that a real API server answers with.
package enum PatchError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The body is not a patch of this type: 400.
  case malformed(String)
  /// A JSON patch whose test fails, or that names something which is not there: 422.
  case notApplicable
  /// The list of operations of a JSON patch is too long: 413.
  case tooManyOperations(Int)
  /// A strategic merge patch that contradicts itself or the object: 400 or 500, as the real server.
  case invalidStrategicPatch(String)

  package var code: Int {
    switch self {
    case .malformed: 400
    case .notApplicable: 422
    case .tooManyOperations: 413
    case .invalidStrategicPatch: 500
    }
  }

  package var description: String {
    switch self {
    case .malformed(let detail): "error decoding patch: \(detail)"
    case .notApplicable: "the server rejected our request due to an error in our request"
    case .tooManyOperations(let count):
      "The allowed maximum operations in a JSON patch is \(JSONPatch.maximumOperations), got \(count)"
    case .invalidStrategicPatch(let detail): detail
    }
  }

  /// The body of the answer.
  package var status: APIStatus {
    var status = APIStatus(status: "Failure", message: self.description, code: self.code)
    switch self {
    case .malformed: status.reason = "BadRequest"
    case .notApplicable:
      status.reason = "Invalid"
      status.details = APIStatus.Details()
    case .tooManyOperations: status.reason = "RequestEntityTooLarge"
    case .invalidStrategicPatch: break
    }
    return status
  }
}
