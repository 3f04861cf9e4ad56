import KubernetesModel

/// One line of a watch stream.
enum WatchEvent<R: KubernetesResource>: Decodable, Sendable {
  /// ADDED or MODIFIED; which of the two is the server's view, not ours.
  case upserted(R)
  case deleted(ObjectKey, version: String)
  case malformed(ObjectKey, version: String, reason: String)
  /// Nothing happened, up to this version.
  case bookmark(version: String)
  /// The server ends the watch, and why.
  case failed(APIStatus)

  private enum CodingKeys: CodingKey { case type, object }

  private struct Header: Decodable {
    struct Metadata: Decodable {
      var name: String?
      var namespace: String?
      var resourceVersion: String?
    }
    var metadata: Metadata?

    var key: ObjectKey { ObjectKey(namespace: self.metadata?.namespace ?? "", name: self.metadata?.name ?? "") }
    var version: String { self.metadata?.resourceVersion ?? "" }
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let type = try container.decode(String.self, forKey: .type)
    switch type {
    case "ADDED", "MODIFIED":
      do {
        self = .upserted(try container.decode(R.self, forKey: .object))
      } catch {
        let header = try container.decode(Header.self, forKey: .object)
        let reason = DecodingFailure(error, in: container.codingPath + [CodingKeys.object]).description
        self = .malformed(header.key, version: header.version, reason: reason)
      }
    case "DELETED":
      let header = try container.decode(Header.self, forKey: .object)
      self = .deleted(header.key, version: header.version)
    case "BOOKMARK":
      self = .bookmark(version: try container.decode(Header.self, forKey: .object).version)
    case "ERROR":
      self = .failed(try container.decode(APIStatus.self, forKey: .object))
    default:
      throw DecodingError.dataCorruptedError(
        forKey: .type, in: container, debugDescription: "\"\(type)\" is no type of watch event")
    }
  }
}
