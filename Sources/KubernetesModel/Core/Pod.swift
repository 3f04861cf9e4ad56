/// A Pod, in the fields that identify one of our own processes or a peer.
package struct Pod: KubernetesResource, Hashable {
  package static let type = ResourceType(group: "", version: "v1", plural: "pods", kind: "Pod")

  package var metadata: ObjectMeta
  package var spec: PodSpec?
  package var status: PodStatus?

  package init(metadata: ObjectMeta, spec: PodSpec? = nil, status: PodStatus? = nil) {
    self.metadata = metadata
    self.spec = spec
    self.status = status
  }

  package struct PodSpec: Codable, Sendable, Hashable {
    package var nodeName: String?

    package init(nodeName: String? = nil) {
      self.nodeName = nodeName
    }
  }

  package struct PodStatus: Codable, Sendable, Hashable {
    package var phase: String?
    package var podIP: String?
    package var conditions: [Condition]?

    package init(phase: String? = nil, podIP: String? = nil, conditions: [Condition]? = nil) {
      self.phase = phase
      self.podIP = podIP
      self.conditions = conditions
    }

    /// Whether a condition holds, such as `Ready`.
    package func holds(_ type: String) -> Bool {
      self.conditions?.contains { $0.type == type && $0.status == "True" } ?? false
    }
  }

  package struct Condition: Codable, Sendable, Hashable {
    package var type: String
    package var status: String

    package init(type: String, status: String) {
      self.type = type
      self.status = status
    }
  }
}
