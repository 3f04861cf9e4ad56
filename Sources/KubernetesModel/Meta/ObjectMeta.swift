/// The metadata of an object, with every field that a full write (PUT) must carry so as not to erase it; managedFields
/// are left out on purpose, as the server keeps them when a write does not mention them.
package struct ObjectMeta: Codable, Sendable, Hashable {
  package var name: String?
  package var generateName: String?
  package var namespace: String?
  package var uid: String?
  package var resourceVersion: String?
  package var generation: Int64?
  package var creationTimestamp: Timestamp?
  package var deletionTimestamp: Timestamp?
  package var deletionGracePeriodSeconds: Int64?
  package var labels: [String: String]?
  package var annotations: [String: String]?
  package var finalizers: [String]?
  package var ownerReferences: [OwnerReference]?

  package init(
    name: String? = nil, generateName: String? = nil, namespace: String? = nil, uid: String? = nil,
    resourceVersion: String? = nil, labels: [String: String]? = nil, annotations: [String: String]? = nil,
    ownerReferences: [OwnerReference]? = nil
  ) {
    self.name = name
    self.generateName = generateName
    self.namespace = namespace
    self.uid = uid
    self.resourceVersion = resourceVersion
    self.labels = labels
    self.annotations = annotations
    self.ownerReferences = ownerReferences
  }
}

/// A pointer from a dependent object to one that owns it.
package struct OwnerReference: Codable, Sendable, Hashable {
  package var apiVersion: String
  package var kind: String
  package var name: String
  package var uid: String
  package var controller: Bool?
  package var blockOwnerDeletion: Bool?

  package init(
    apiVersion: String, kind: String, name: String, uid: String, controller: Bool? = nil,
    blockOwnerDeletion: Bool? = nil
  ) {
    self.apiVersion = apiVersion
    self.kind = kind
    self.name = name
    self.uid = uid
    self.controller = controller
    self.blockOwnerDeletion = blockOwnerDeletion
  }
}
