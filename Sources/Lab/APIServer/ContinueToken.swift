import FoundationEssentials
import KubernetesModel

/// Where a list goes on: after which key, and as of which revision; opaque to clients.
struct ContinueToken: Hashable {
  var after: ObjectKey
  /// nil = as things are now, for whoever accepts a list that is not consistent.
  var revision: UInt64?

  init(after: ObjectKey, revision: UInt64?) {
    self.after = after
    self.revision = revision
  }

  init(_ text: String, resourceVersion: String?) throws(APIFailure) {
    if let resourceVersion, !resourceVersion.isEmpty, resourceVersion != "0" {
      throw .badRequest("specifying resource version is not allowed when using continue")
    }
    var padded = text.replacing("-", with: "+").replacing("_", with: "/")
    while padded.utf8.count % 4 != 0 { padded += "=" }
    guard let data = Data(base64Encoded: padded) else {
      throw .badRequest("invalid continue token: continue key is not valid: illegal base64 data at input byte 0")
    }
    let token: JSONValue
    do {
      token = try JSONValue(json: data)
    } catch {
      throw .badRequest("invalid continue token: continue key is not valid: \(error)")
    }
    guard token["v"]?.string == "meta.k8s.io/v1", let start = token["start"]?.string,
      let revision = token["rv"]?.integer
    else {
      throw .badRequest("invalid continue token: continue key is not valid: unrecognized encoded continue token")
    }
    let parts = start.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    self.init(
      after: ObjectKey(namespace: String(parts[0]), name: parts.count > 1 ? String(parts[1]) : ""),
      revision: revision < 0 ? nil : UInt64(revision))
  }

  var text: String {
    let token: JSONValue = [
      "v": "meta.k8s.io/v1", "rv": .integer(self.revision.map { Int64($0) } ?? -1),
      "start": .string("\(self.after.namespace)/\(self.after.name)"),
    ]
    return Data(token.jsonText).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
      .replacing("=", with: "")
  }
}

extension Timestamp {
  /// The wall clock.
  package static var now: Timestamp {
    Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
  }
}
