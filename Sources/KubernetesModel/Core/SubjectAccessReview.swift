/// The question whether somebody may do something (`authorization.k8s.io/v1`); it is answered and never stored.
package struct SubjectAccessReview: KubernetesResource, Hashable {
  package static let type = ResourceType(
    group: "authorization.k8s.io", version: "v1", plural: "subjectaccessreviews", kind: "SubjectAccessReview",
    isNamespaced: false)

  package var metadata: ObjectMeta
  package var spec: Spec
  package var status: Status?

  /// May this user use this verb on a path that belongs to no resource?
  package init(user: UserInfo, verb: String, path: String) {
    self.metadata = ObjectMeta()
    self.spec = Spec(
      user: user.username, groups: user.groups, uid: user.uid, extra: user.extra,
      nonResourceAttributes: NonResourceAttributes(path: path, verb: verb))
  }

  /// The question.
  package struct Spec: Codable, Sendable, Hashable {
    package var user: String?
    package var groups: [String]?
    package var uid: String?
    package var extra: [String: [String]]?
    package var nonResourceAttributes: NonResourceAttributes?
  }

  /// A path such as `/metrics`, and what is to be done with it.
  package struct NonResourceAttributes: Codable, Sendable, Hashable {
    package var path: String
    package var verb: String
  }

  /// The answer.
  package struct Status: Codable, Sendable, Hashable {
    package var allowed: Bool
    package var reason: String?
  }
}
