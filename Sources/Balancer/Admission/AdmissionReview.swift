import KubernetesModel

/// A question of the API server: may this object be written or deleted? (`admission.k8s.io`)
package struct AdmissionReview: Sendable, Equatable {
  package enum Operation: String, Sendable {
    case create = "CREATE"
    case update = "UPDATE"
    case delete = "DELETE"
    case connect = "CONNECT"
  }

  /// Why a review cannot be answered with yes or no.
  package enum Malformed: Error, Sendable, Equatable, CustomStringConvertible {
    case empty
    case notJSON(String)
    case notAReview(String)
    case lacks(String)
    case unknownOperation(String)

    package var description: String {
      switch self {
      case .empty: "request body is empty"
      case .notJSON(let reason): "the request body is not JSON: \(reason)"
      case .notAReview(let what): "the request body is not an AdmissionReview of admission.k8s.io/v1: it is \(what)"
      case .lacks(let field): "the AdmissionReview lacks \(field)"
      case .unknownOperation(let operation): "request.operation \(GoText.quoted(operation)) is not known"
      }
    }
  }

  static let versions = ["admission.k8s.io/v1", "admission.k8s.io/v1beta1"]

  /// The answer is of the same version.
  package var apiVersion: String
  package var uid: String
  package var group: String
  package var kind: String
  package var operation: Operation
  package var namespace: String
  package var name: String
  /// What is to be written; absent in a deletion.
  package var object: JSONValue?
  /// What is there now; absent in a creation.
  package var oldObject: JSONValue?

  package init(_ bytes: some Collection<UInt8>) throws(Malformed) {
    guard !bytes.isEmpty else { throw .empty }
    let document: JSONValue
    do {
      document = try JSONValue(json: bytes)
    } catch {
      throw .notJSON(error.description)
    }
    try self.init(document)
  }

  package init(_ document: JSONValue) throws(Malformed) {
    guard document.object != nil else { throw .notAReview("no object") }
    let kind = document["kind"]?.string ?? ""
    let apiVersion = document["apiVersion"]?.string ?? ""
    guard kind == "AdmissionReview", Self.versions.contains(apiVersion) else {
      throw .notAReview("a \(GoText.quoted(kind)) of \(GoText.quoted(apiVersion))")
    }
    guard let request = document["request"], request.object != nil else { throw .lacks("request") }
    guard let uid = request["uid"]?.string, !uid.isEmpty else { throw .lacks("request.uid") }
    let word = request["operation"]?.string ?? ""
    guard let operation = Operation(rawValue: word) else {
      if word.isEmpty { throw .lacks("request.operation") }
      throw .unknownOperation(word)
    }
    guard let reviewed = request[path: "kind", "kind"]?.string, !reviewed.isEmpty else {
      throw .lacks("request.kind")
    }
    func present(_ field: String) -> JSONValue? {
      guard let value = request[field], value != .null else { return Optional.none }
      return value
    }
    self.apiVersion = apiVersion
    self.uid = uid
    self.group = request[path: "kind", "group"]?.string ?? ""
    self.kind = reviewed
    self.operation = operation
    self.namespace = request["namespace"]?.string ?? ""
    self.name = request["name"]?.string ?? ""
    self.object = present("object")
    self.oldObject = present("oldObject")
  }
}

/// What is said to a review.
package enum AdmissionVerdict: Sendable, Equatable {
  case allowed(warnings: [String])
  /// The object must not be: 403 and upstream's sentence.
  case denied(String, warnings: [String])
  /// There is no yes or no: the question makes no sense (400), or cannot be answered at the moment (503).
  case undecided(code: Int, String)

  package static let allowed = AdmissionVerdict.allowed(warnings: [])

  /// The whole answer; `apiVersion` and `uid` are those of the review, as far as it had any.
  package func answer(apiVersion: String = AdmissionReview.versions[0], uid: String = "") -> JSONValue {
    var response: JSONValue = ["uid": .string(uid)]
    var warnings: [String] = []
    var status: JSONValue = ["metadata": [:]]
    switch self {
    case .allowed(let words):
      response["allowed"] = true
      status["code"] = 200
      warnings = words
    case .denied(let message, let words):
      response["allowed"] = false
      status["code"] = 403
      status["reason"] = "Forbidden"
      status["message"] = .string(message)
      warnings = words
    case .undecided(let code, let message):
      response["allowed"] = false
      status["code"] = .integer(Int64(code))
      status["message"] = .string(message)
    }
    response["status"] = status
    if !warnings.isEmpty { response["warnings"] = .array(warnings.map { .string($0) }) }
    return ["apiVersion": .string(apiVersion), "kind": "AdmissionReview", "response": response]
  }
}
