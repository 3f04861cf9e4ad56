/// The header of a list answer (`metav1.ListMeta`).
package struct ListMeta: Codable, Sendable, Hashable {
  package var resourceVersion: String?
  package var `continue`: String?
  package var remainingItemCount: Int64?
}

/// One page of a list. An item that does not decode is kept as the reason why, so that it cannot hide the others.
package struct ObjectList<Item: KubernetesResource>: Decodable, Sendable {
  package var metadata: ListMeta
  package var items: [Decoded<Item>]

  private enum CodingKeys: CodingKey { case metadata, items }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.metadata = try container.decode(ListMeta.self, forKey: .metadata)
    self.items = try container.decodeIfPresent([Decoded<Item>].self, forKey: .items) ?? []
  }
}

/// An object, or what could be read of one that does not have the shape of its kind.
package enum Decoded<Item: KubernetesResource>: Decodable, Sendable {
  case object(Item)
  case malformed(ObjectKey, reason: String)

  private struct Header: Decodable {
    struct Names: Decodable {
      var name: String?
      var namespace: String?
    }
    var metadata: Names?
  }

  package init(from decoder: any Decoder) throws {
    do {
      self = .object(try Item(from: decoder))
    } catch {
      let names = (try? Header(from: decoder))?.metadata
      let key = ObjectKey(namespace: names?.namespace ?? "", name: names?.name ?? "")
      self = .malformed(key, reason: DecodingFailure(error, in: decoder.codingPath).description)
    }
  }
}

/// A decoding error in one readable line: where in the document, and what is wrong there.
package struct DecodingFailure: Error, CustomStringConvertible, Sendable {
  package let description: String

  /// Places are told relative to `root`, the path of the object within what is decoded.
  package init(_ error: any Error, in root: [any CodingKey] = []) {
    func at(_ path: [any CodingKey], _ text: String) -> String {
      let place = path.dropFirst(root.count).map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined()
      return place.isEmpty ? text : "\(place.first == "." ? String(place.dropFirst()) : place): \(text)"
    }
    switch error {
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
      DecodingError.dataCorrupted(let context):
      self.description = at(context.codingPath, context.debugDescription)
    case DecodingError.keyNotFound(let key, let context):
      self.description = at(context.codingPath, "the required field \"\(key.stringValue)\" is missing")
    default:
      self.description = String(describing: error)
    }
  }
}
