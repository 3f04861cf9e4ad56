import KubernetesModel

/// One thing that is wrong in one configuration object: where, upstream's sentence for it, and what to do about it.
///
/// The webhook, `metallb check`, the status condition and the event on the object all print this.
package struct Problem: Error, Sendable, Hashable, CustomStringConvertible {
  /// The kind of the object, such as `IPAddressPool`.
  package var kind: String
  package var key: ObjectKey
  /// The path of the field inside the object, such as `spec.addresses[0]`; empty = the object as a whole.
  package var field: String
  /// The sentence that users know (contract section 6).
  package var message: String
  /// What the user can do.
  package var remedy: String
  package var severity: Severity

  /// What a problem means for the object that has it.
  package enum Severity: String, Sendable, Hashable {
    /// The object is wrong: the webhook refuses it, and where it got past, it keeps its last good form or is left out.
    case invalid
    /// The object needs another one that is not there: it is accepted, as objects may come in any order, and keeps its
    /// last good form or is left out until the other one comes.
    case unresolved
    /// The object is in force, but part of it has no effect as it is written.
    case warning
  }

  package init(
    kind: String, key: ObjectKey, field: String, message: String, remedy: String, severity: Severity = .invalid
  ) {
    self.severity = severity
    self.kind = kind
    self.key = key
    self.field = field
    self.message = message
    self.remedy = remedy
  }

  /// The whole of it in one line, for a terminal.
  package var description: String {
    let place = self.field.isEmpty ? "" : ", \(self.field)"
    // Upstream's sentences may be of several lines, the outer reason below the inner one.
    let message = self.message.split(separator: "\n").joined(separator: "; ")
    return "\(self.kind) \(self.key)\(place): \(message). \(self.remedy)"
  }

  /// The order in which problems are told: by kind, name and place.
  package static func precedes(_ left: Problem, _ right: Problem) -> Bool {
    (left.kind, left.key.name, left.key.namespace, left.field, left.message)
      < (right.kind, right.key.name, right.key.namespace, right.field, right.message)
  }
}
