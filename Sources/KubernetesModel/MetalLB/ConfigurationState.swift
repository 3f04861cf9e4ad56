/// What one controller or speaker thinks of the configuration (contract section 14); it writes, users read.
package struct ConfigurationState: KubernetesResource, Hashable {
  package static let type = ResourceType(
    group: "metallb.io", version: "v1beta1", plural: "configurationstates", kind: "ConfigurationState")

  package var metadata: ObjectMeta
  package var status: Status?

  package init(metadata: ObjectMeta, status: Status? = nil) {
    self.metadata = metadata
    self.status = status
  }

  package struct Status: Codable, Sendable, Hashable {
    /// `Valid`, `Invalid` or `Unknown`.
    package var result: String?
    /// The messages of the conditions that fail, one a line; empty if all is well.
    package var errorSummary: String?
    package var conditions: [Condition]?

    package init(result: String? = nil, errorSummary: String? = nil, conditions: [Condition]? = nil) {
      self.result = result
      self.errorSummary = errorSummary
      self.conditions = conditions
    }
  }

  /// One aspect of the state (`metav1.Condition`).
  package struct Condition: Codable, Sendable, Hashable {
    package var type: String
    /// `True`, `False` or `Unknown`.
    package var status: String
    package var observedGeneration: Int64?
    package var lastTransitionTime: Timestamp?
    package var reason: String?
    package var message: String?

    package init(
      type: String, status: String, observedGeneration: Int64? = nil, lastTransitionTime: Timestamp? = nil,
      reason: String? = nil, message: String? = nil
    ) {
      self.type = type
      self.status = status
      self.observedGeneration = observedGeneration
      self.lastTransitionTime = lastTransitionTime
      self.reason = reason
      self.message = message
    }
  }
}
