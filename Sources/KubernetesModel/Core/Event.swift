/// A core/v1 Event: something that happened to an object, for `kubectl describe`.
package struct Event: KubernetesResource, Hashable {
  package static let type = ResourceType(group: "", version: "v1", plural: "events", kind: "Event")

  package var metadata: ObjectMeta
  package var involvedObject: ObjectReference
  package var reason: String?
  package var message: String?
  /// `Normal` or `Warning`.
  package var type: String?
  package var source: EventSource?
  package var firstTimestamp: Timestamp?
  package var lastTimestamp: Timestamp?
  package var count: Int?
  package var reportingComponent: String?
  package var reportingInstance: String?

  package init(metadata: ObjectMeta, involvedObject: ObjectReference) {
    self.metadata = metadata
    self.involvedObject = involvedObject
  }
}

/// Who reports an Event.
package struct EventSource: Codable, Sendable, Hashable {
  package var component: String?
  package var host: String?

  package init(component: String? = nil, host: String? = nil) {
    self.component = component
    self.host = host
  }
}

/// The object that an Event is about.
package struct ObjectReference: Codable, Sendable, Hashable {
  package var apiVersion: String?
  package var kind: String?
  package var namespace: String?
  package var name: String?
  package var uid: String?
  package var resourceVersion: String?
  package var fieldPath: String?

  package init(
    apiVersion: String? = nil, kind: String? = nil, namespace: String? = nil, name: String? = nil, uid: String? = nil,
    resourceVersion: String? = nil
  ) {
    self.apiVersion = apiVersion
    self.kind = kind
    self.namespace = namespace
    self.name = name
    self.uid = uid
    self.resourceVersion = resourceVersion
  }

  /// A reference to `object` as client-go makes it.
  package init(to object: some KubernetesResource) {
    let type = Swift.type(of: object).type
    self.init(
      apiVersion: type.apiVersion, kind: type.kind, namespace: object.metadata.namespace, name: object.metadata.name,
      uid: object.metadata.uid, resourceVersion: object.metadata.resourceVersion)
  }
}
