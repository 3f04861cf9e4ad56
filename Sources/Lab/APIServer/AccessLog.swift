import KubernetesModel
import NIOConcurrencyHelpers

/// Who has asked for what, and whether they might: what shows which permissions are used, and which are missing.
///
/// The administrator reads it at `/lab/accesses`, and empties it by DELETE. Names of objects that were created with names
/// of the server's choice do not occur, so that there are few different entries; beyond a bound, new ones are not kept.
package final class AccessLog: Sendable {
  private static let capacity = 16_384

  private struct Entry: Hashable {
    let user: String
    let request: AccessRequest
    let isAllowed: Bool
  }

  private let counts = NIOLockedValueBox<[Entry: Int]>([:])

  package init() {}

  func note(_ user: APIUser, _ request: AccessRequest, isAllowed: Bool) {
    let entry = Entry(user: user.name, request: request, isAllowed: isAllowed)
    self.counts.withLockedValue { counts in
      guard counts[entry] != nil || counts.count < Self.capacity else { return }
      counts[entry, default: 0] += 1
    }
  }

  func clear() {
    self.counts.withLockedValue { $0 = [:] }
  }

  var json: JSONValue {
    let counts = self.counts.withLockedValue { $0 }
    return [
      "accesses": .array(
        counts.map { entry, count in
          var json: JSONValue = [
            "user": .string(entry.user), "verb": .string(entry.request.verb), "allowed": .bool(entry.isAllowed),
            "count": .integer(Int64(count)),
          ]
          if let path = entry.request.nonResourcePath {
            json["path"] = .string(path)
          } else {
            let subresource = entry.request.subresource.map { "/\($0)" } ?? ""
            json["group"] = .string(entry.request.group)
            json["resource"] = .string(entry.request.resource + subresource)
            json["namespace"] = entry.request.namespace.map { .string($0) }
            json["name"] = entry.request.name.map { .string($0) }
          }
          return json
        })
    ]
  }
}
