/// The API server's answer when there is no object to answer with (`metav1.Status`).
package struct APIStatus: Codable, Sendable, Hashable {
  package var status: String?
  package var message: String?
  package var reason: String?
  package var code: Int?
  package var details: Details?

  package struct Details: Codable, Sendable, Hashable {
    package var name: String?
    package var group: String?
    package var kind: String?
    package var uid: String?
    package var causes: [Cause]?
    package var retryAfterSeconds: Int?

    package init(
      name: String? = nil, group: String? = nil, kind: String? = nil, uid: String? = nil, causes: [Cause]? = nil,
      retryAfterSeconds: Int? = nil
    ) {
      self.name = name
      self.group = group
      self.kind = kind
      self.uid = uid
      self.causes = causes
      self.retryAfterSeconds = retryAfterSeconds
    }
  }

  package struct Cause: Codable, Sendable, Hashable {
    package var reason: String?
    package var message: String?
    package var field: String?

    package init(reason: String? = nil, message: String? = nil, field: String? = nil) {
      self.reason = reason
      self.message = message
      self.field = field
    }
  }

  package init(
    status: String? = nil, message: String? = nil, reason: String? = nil, code: Int? = nil, details: Details? = nil
  ) {
    self.status = status
    self.message = message
    self.reason = reason
    self.code = code
    self.details = details
  }
}
