import KubernetesModel

/// Why an object is refused: every field that is wrong, for one 422 answer.
package struct Rejection: Error, Sendable, Hashable {
  package var errors: [FieldError]

  package init(_ errors: [FieldError]) {
    self.errors = errors
  }

  package func status(for type: ResourceType, name: String) -> APIStatus {
    FieldError.status(self.errors, kind: type.kind, group: type.group, name: name)
  }
}

extension JSONValue {
  /// Sets a member of an object unless it has one that is not null.
  mutating func setDefault(_ value: JSONValue, _ key: String) {
    if self[key] == nil || self[key] == .null { self[key] = value }
  }

  /// A member that is a string with something in it.
  func text(_ key: String) -> String? {
    guard let text = self[key]?.string, !text.isEmpty else { return nil }
    return text
  }

  /// The members of a list of strings.
  func texts(_ key: String) -> [String] {
    self[key]?.array?.compactMap(\.string) ?? []
  }
}
