import KubernetesModel

/// JSON merge patch (RFC 7386): members of the patch replace those of the object, `null` removes, lists are whole values.
package enum MergePatch {
  package static func apply(_ patch: JSONValue, to target: JSONValue) -> JSONValue {
    guard case .object(let changes) = patch else { return patch }
    var members = target.object ?? [:]
    for (name, change) in changes {
      if change == .null {
        members[name] = nil
      } else {
        members[name] = self.apply(change, to: members[name] ?? .null)
      }
    }
    return .object(members)
  }
}
