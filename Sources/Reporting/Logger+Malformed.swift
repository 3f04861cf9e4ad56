import KubernetesModel
import Logging

extension Logger {
  /// Says that an object cannot be read, if that is what has changed.
  package func complain<R>(about change: ObjectChange<R>, of type: ResourceType) {
    guard case .malformed(let key, let reason) = change else { return }
    self.error(
      "an object does not have the shape of its kind; its last good form stays in force",
      metadata: ["kind": .string(type.kind), "object": "\(key)", "reason": .string(reason)])
  }
}
