import KubernetesModel

/// What became of a write.
package enum ClusterWriteOutcome: Sendable, Hashable {
  /// The object as it is now; nil once it is gone.
  case done(LabObject?)
  /// Somebody else was faster; the newer form arrives by watch.
  case conflict
  case notFound
  case refused(String)
}

/// One change of one kind, as a controller hears of it: everything that exists at first, then what happens.
package enum ClusterChange: Sendable, Hashable {
  case applied(ResourceType, LabObject)
  case deleted(ResourceType, LabObject)
  /// Everything that existed at the start has been told.
  case synced(ResourceType)
}

/// The cluster's objects, as the lab's own controllers and agents use them.
package protocol ClusterObjects: Sendable {
  func get(_ type: ResourceType, _ key: ObjectKey) async -> LabObject?
  func list(_ type: ResourceType, namespace: String?) async -> [LabObject]
  func perform(_ write: ClusterWrite) async -> ClusterWriteOutcome
  /// Deletes at once, without a grace period: the pod's processes have ended.
  func remove(_ type: ResourceType, _ object: LabObject) async
  /// Follows a kind until the task is cancelled; `deliver` is awaited, so a slow listener slows only itself.
  func follow(_ type: ResourceType, _ deliver: @Sendable (ClusterChange) async -> Void) async
}

extension ClusterObjects {
  /// Changes the status of an object as it is now, and again when somebody else was faster.
  @discardableResult
  package func updateStatus(
    _ type: ResourceType, _ key: ObjectKey, uid: String, _ change: @Sendable (LabObject) -> JSONValue?
  ) async -> ClusterWriteOutcome {
    for _ in 0..<8 {
      guard let current = await self.get(type, key), current.uid == uid else { return .notFound }
      guard let status = change(current), status != current.status else { return .done(current) }
      let outcome = await self.perform(.updateStatus(type, current.with(status: status).json))
      if outcome != .conflict { return outcome }
    }
    return .conflict
  }
}
