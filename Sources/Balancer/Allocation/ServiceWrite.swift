import KubernetesModel

/// The one write with which the controller changes a Service: a PUT of `services/status` whose full metadata carries
/// the annotation of the owning pool along, as the permissions of upstream's role allow nothing else.
package struct ServiceWrite: Sendable, Hashable {
  /// Metadata and status to put; the server ignores that there is no spec.
  package var object: Service

  package init(object: Service) {
    self.object = object
  }

  package var key: ObjectKey { self.object.key }
}

/// A PUT of `ipaddresspools/status`.
package struct PoolStatusWrite: Sendable, Hashable {
  package var object: IPAddressPool

  package init(object: IPAddressPool) {
    self.object = object
  }

  package var key: ObjectKey { self.object.key }
}

/// How a write ended.
package enum WriteOutcome: Sendable, Hashable {
  /// Done; the version that the server gave the object, if it said so.
  case succeeded(resourceVersion: String?)
  /// Somebody changed the object in between (409); the newer form arrives by watch.
  case conflicted
  /// The object is gone (404); the deletion arrives by watch.
  case notFound
  /// Anything else: to be tried again later.
  case failed(reason: String)
  /// The server did not answer, or has no time: to be tried again later, as is every other write.
  case unanswered(reason: String)
}
