/// The question whose a bearer token is (`authentication.k8s.io/v1`); it is answered and never stored.
package struct TokenReview: KubernetesResource, Hashable {
  package static let type = ResourceType(
    group: "authentication.k8s.io", version: "v1", plural: "tokenreviews", kind: "TokenReview", isNamespaced: false)

  package var metadata: ObjectMeta
  package var spec: Spec
  package var status: Status?

  package init(token: String) {
    self.metadata = ObjectMeta()
    self.spec = Spec(token: token)
  }

  /// The question.
  package struct Spec: Codable, Sendable, Hashable {
    package var token: String?
  }

  /// The answer; without `authenticated` the token is nobody's.
  package struct Status: Codable, Sendable, Hashable {
    package var authenticated: Bool?
    package var user: UserInfo?
    package var error: String?
  }
}

/// Whom the API server takes somebody for.
package struct UserInfo: Codable, Sendable, Hashable {
  package var username: String?
  package var uid: String?
  package var groups: [String]?
  package var extra: [String: [String]]?
}
