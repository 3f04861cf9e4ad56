import KubernetesModel

/// Something worth telling the user of an object, before it becomes a core/v1 Event: the decider says what, the recorder
/// of the process adds who, when and how often.
package struct EventNote: Sendable, Hashable {
  /// How the Event is shown by `kubectl describe`.
  package enum Kind: String, Sendable, Hashable {
    case normal = "Normal"
    case warning = "Warning"
  }

  package var object: ObjectReference
  package var type: Kind
  package var reason: String
  package var message: String

  package init(object: ObjectReference, type: Kind, reason: String, message: String) {
    self.object = object
    self.type = type
    self.reason = reason
    self.message = message
  }
}
