import KubernetesModel

/// Why a request has no answer of use.
package enum APIError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The server answered, and said no.
  case refused(Refusal)
  /// No connection could be made: refused, no route, no such name, TLS not agreed.
  case unreachable(String)
  /// The connection broke before the answer was whole; a write may have happened.
  case interrupted(String)
  /// No (whole) answer in time; a write may have happened.
  case timedOut(Duration)
  /// The answer is not what the API promises.
  case malformedAnswer(String)
  /// There is nothing to authenticate with.
  case noCredentials(CredentialError)
  /// The object could not be written as JSON.
  case unencodable(String)
  case cancelled

  /// The server's no: the HTTP code, and what it said with it.
  package struct Refusal: Sendable, Hashable {
    package var code: Int
    package var status: APIStatus
    package var retryAfter: Duration?

    package init(code: Int, status: APIStatus = APIStatus(), retryAfter: Duration? = nil) {
      self.code = code
      self.status = status
      self.retryAfter = retryAfter
    }
  }

  private var refusal: Refusal? {
    if case .refused(let refusal) = self { refusal } else { nil }
  }

  /// The HTTP code, if the server answered.
  package var code: Int? { self.refusal?.code }

  /// The `metav1.Status`, if the server answered.
  package var status: APIStatus? { self.refusal?.status }

  package var retryAfter: Duration? { self.refusal?.retryAfter }

  /// Someone else wrote the object since it was read.
  package var isConflict: Bool { self.code == 409 && self.status?.reason != "AlreadyExists" }

  package var isAlreadyExists: Bool { self.code == 409 && self.status?.reason == "AlreadyExists" }

  package var isNotFound: Bool { self.code == 404 }

  package var isForbidden: Bool { self.code == 403 }

  /// Whether the server does not let us, whatever is asked. One that has just started lets nobody.
  package var isRejection: Bool { self.code == 401 || self.code == 403 }

  /// The resource version or the page asked for is no longer there; the list must be read anew.
  package var isGone: Bool {
    self.code == 410 || self.status?.reason == "Expired" || self.status?.reason == "Gone"
  }

  /// Whether a list must be read from its beginning: its next page is gone, or the server makes nothing of the token, as
  /// after another has taken its place.
  package var spoilsPages: Bool { self.isGone || self.code.map { $0 < 500 && $0 != 429 } ?? false }

  /// Whether any other request would have failed as well: the server is away, or has no time.
  package var isOutage: Bool {
    switch self {
    case .refused(let refusal): [429, 502, 503, 504].contains(refusal.code)
    case .unreachable, .interrupted, .timedOut, .noCredentials: true
    case .malformedAnswer, .unencodable, .cancelled: false
    }
  }

  /// Whether the same request may well succeed a little later.
  package var isTransient: Bool {
    switch self {
    case .refused(let refusal): refusal.code == 429 || refusal.code >= 500
    case .unreachable, .interrupted, .timedOut, .malformedAnswer, .noCredentials: true
    case .unencodable, .cancelled: false
    }
  }

  package var description: String {
    switch self {
    case .refused(let refusal):
      "the API server answers \(refusal.code): \(refusal.status.message ?? refusal.status.reason ?? "no reason given")"
    case .unreachable(let reason): "the API server cannot be reached: \(reason)"
    case .interrupted(let reason): "the connection to the API server broke: \(reason)"
    case .timedOut(let limit): "the API server does not answer within \(limit)"
    case .malformedAnswer(let reason): "the API server's answer makes no sense: \(reason)"
    case .noCredentials(let error): error.description
    case .unencodable(let reason): "the object cannot be written as JSON: \(reason)"
    case .cancelled: "the request was cancelled"
    }
  }
}
