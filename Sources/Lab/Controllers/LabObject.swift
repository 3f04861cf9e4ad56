import KubernetesModel

/// An object as the lab's controllers read it: a JSON document with the members of its metadata at hand.
package struct LabObject: Sendable, Hashable {
  package var json: JSONValue

  package init(_ json: JSONValue) {
    self.json = json
  }

  package var name: String { self.json[path: "metadata", "name"]?.string ?? "" }
  package var namespace: String { self.json[path: "metadata", "namespace"]?.string ?? "" }
  package var key: ObjectKey { ObjectKey(namespace: self.namespace, name: self.name) }
  package var uid: String { self.json[path: "metadata", "uid"]?.string ?? "" }
  package var generation: Int64 { self.json[path: "metadata", "generation"]?.integer ?? 0 }
  package var labels: [String: String] { self.strings("metadata", "labels") }
  package var annotations: [String: String] { self.strings("metadata", "annotations") }
  package var isDeleting: Bool { self.json[path: "metadata", "deletionTimestamp"]?.string != nil }
  package var created: String { self.json[path: "metadata", "creationTimestamp"]?.string ?? "" }

  /// Resource versions of the lab's own store grow, so a newer form is told from an older one by the number.
  package var resourceVersion: UInt64 { UInt64(self.json[path: "metadata", "resourceVersion"]?.string ?? "") ?? 0 }

  package var spec: JSONValue { self.json["spec"] ?? .null }
  package var status: JSONValue { self.json["status"] ?? .null }

  /// The uid of the object that controls this one.
  package var controllerUID: String? {
    self.json[path: "metadata", "ownerReferences"]?.array?
      .first { $0["controller"]?.bool == true }?["uid"]?.string
  }

  package func isControlled(by owner: LabObject) -> Bool { self.controllerUID == owner.uid }

  package func strings(_ keys: String...) -> [String: String] {
    (keys.reduce(Optional(self.json)) { $0?[$1] }?.object ?? [:]).compactMapValues(\.string)
  }

  /// The condition of a type, such as `Ready`.
  package func condition(_ type: String) -> JSONValue? {
    self.status["conditions"]?.array?.first { $0["type"]?.string == type }
  }

  package func isTrue(_ condition: String) -> Bool { self.condition(condition)?["status"]?.string == "True" }

  /// A reference that makes this object the controller of another.
  package func ownerReference(of type: ResourceType) -> JSONValue {
    [
      "apiVersion": .string(type.apiVersion), "kind": .string(type.kind), "name": .string(self.name),
      "uid": .string(self.uid), "controller": true, "blockOwnerDeletion": true,
    ]
  }

  /// The same object with another status.
  package func with(status: JSONValue) -> LabObject {
    var copy = self
    copy.json["status"] = status
    return copy
  }
}

extension JSONValue {
  /// The label selector that this document is; nil if it is none.
  package var labelSelector: LabelSelector? {
    guard let object = self.object else { return nil }
    return LabelSelector(
      matchLabels: object["matchLabels"]?.object?.compactMapValues(\.string),
      matchExpressions: object["matchExpressions"]?.array?.compactMap { requirement in
        guard let key = requirement["key"]?.string, let `operator` = requirement["operator"]?.string else { return nil }
        return LabelSelector.Requirement(
          key: key, operator: `operator`, values: requirement["values"]?.array?.compactMap(\.string))
      })
  }

  /// A short name for the content, in letters and digits that make no words (FNV-1a, 32 bits).
  package var contentHash: String {
    let alphabet = Array("bcdfghjklmnpqrstvwxz2456789")
    var hash: UInt32 = 0x811C_9DC5
    for byte in self.compactText.utf8 { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
    return String(String(hash).map { digit in alphabet[Int(digit.wholeNumberValue ?? 0)] })
  }
}
