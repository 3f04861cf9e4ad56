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

  package init(kind: String, key: ObjectKey, field: String, message: String, remedy: String) {
    self.kind = kind
    self.key = key
    self.field = field
    self.message = message
    self.remedy = remedy
  }

  /// The whole of it in one line, for a terminal.
  package var description: String {
    let place = self.field.isEmpty ? "" : ", \(self.field)"
    return "\(self.kind) \(self.key)\(place): \(self.message). \(self.remedy)"
  }
}
