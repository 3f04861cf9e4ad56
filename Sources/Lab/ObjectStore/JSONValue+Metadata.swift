import KubernetesModel

/// The parts of an object's header that the API server itself reads and writes.
extension JSONValue {
  package func metadata(_ name: String) -> JSONValue? { self["metadata"]?[name] }

  package mutating func setMetadata(_ name: String, _ value: JSONValue?) {
    self.mutate("metadata") { $0[name] = value }
  }

  /// Changes a member in place, an object being made where there is none.
  package mutating func mutate(_ member: String, _ change: (inout JSONValue) -> Void) {
    var value = self[member] ?? .object([:])
    self[member] = nil
    if case .null = value { value = .object([:]) }
    change(&value)
    self[member] = value
  }

  package var name: String { self.metadata("name")?.string ?? "" }
  package var namespace: String { self.metadata("namespace")?.string ?? "" }
  package var uid: String { self.metadata("uid")?.string ?? "" }
  package var kind: String { self["kind"]?.string ?? "" }
  package var key: ObjectKey { ObjectKey(namespace: self.namespace, name: self.name) }
  package var resourceVersion: String { self.metadata("resourceVersion")?.string ?? "" }
  package var revision: UInt64 { UInt64(self.resourceVersion) ?? 0 }
  package var isTerminating: Bool { self.metadata("deletionTimestamp")?.string != nil }
  package var finalizers: [String] { (self.metadata("finalizers")?.array ?? []).compactMap { $0.string } }

  package var labels: [String: String] {
    (self.metadata("labels")?.object ?? [:]).compactMapValues { $0.string }
  }

  package var ownerReferences: [JSONValue] { self.metadata("ownerReferences")?.array ?? [] }
  package var ownerUIDs: [String] { self.ownerReferences.compactMap { $0["uid"]?.string } }

  /// Sets the list of finalizers, which is absent rather than empty.
  package mutating func setFinalizers(_ finalizers: [String]) {
    self.setMetadata("finalizers", finalizers.isEmpty ? nil : .array(finalizers.map { .string($0) }))
  }
}
