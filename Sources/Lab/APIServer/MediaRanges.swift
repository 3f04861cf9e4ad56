/// What a client accepts (`Accept`), in its order of preference.
struct MediaRanges: Sendable, Hashable {
  struct Range: Sendable, Hashable {
    var type: String
    var parameters: [String: String]
  }

  let ranges: [Range]

  init(_ header: String) {
    let parsed = header.split(separator: ",").map { Self.range($0) }
    let sorted = parsed.enumerated().sorted { left, right in
      let (first, second) = (Self.quality(left.element), Self.quality(right.element))
      return first == second ? left.offset < right.offset : first > second
    }.map { $0.element }
    self.ranges = sorted.isEmpty ? [Range(type: "*/*", parameters: [:])] : sorted
  }

  static func range(_ text: some StringProtocol) -> Range {
    let parts = text.split(separator: ";").map { String($0).filter { $0 != " " } }
    var range = Range(type: parts.first.map { $0.lowercased() } ?? "", parameters: [:])
    for part in parts.dropFirst() {
      let pair = part.split(separator: "=", maxSplits: 1)
      guard pair.count == 2 else { continue }
      range.parameters[String(pair[0])] = String(pair[1].filter { $0 != "\"" })
    }
    return range
  }

  private static func quality(_ range: Range) -> Double {
    range.parameters["q"].flatMap { Double($0) } ?? 1
  }
}

/// How an object or a list is to be written for a client.
package struct ResponseFormat: Sendable, Hashable {
  enum Shape: Sendable, Hashable {
    case object
    case table(version: String)
    case metadata(version: String)
  }

  var shape: Shape
  var isYAML: Bool
  var include: TableRenderer.IncludedObject = .metadata

  /// The first form that the client accepts and this server can write.
  init(_ accepted: MediaRanges, include: String?) throws(APIFailure) {
    var knowsType = false
    for range in accepted.ranges {
      let isYAML: Bool
      switch range.type {
      case "application/json", "*/*", "application/*": isYAML = false
      case "application/yaml": isYAML = true
      case "application/vnd.kubernetes.protobuf":
        knowsType = true
        continue
      default: continue
      }
      knowsType = true
      let version = range.parameters["v"] ?? ""
      let isMeta = range.parameters["g"] == "meta.k8s.io" && ["v1", "v1beta1"].contains(version)
      switch range.parameters["as"] {
      case nil: self.shape = .object
      case "Table" where isMeta: self.shape = .table(version: version)
      case "PartialObjectMetadata" where isMeta, "PartialObjectMetadataList" where isMeta:
        self.shape = .metadata(version: version)
      default: continue
      }
      self.isYAML = isYAML
      if case .table = self.shape {
        guard let included = TableRenderer.IncludedObject(parameter: include) else {
          throw .badRequest(TableRenderer.IncludedObject.refusal(include ?? ""))
        }
        self.include = included
      }
      return
    }
    throw knowsType ? .notAcceptable : .noRepresentation
  }
}

extension APIFailure {
  fileprivate static var noRepresentation: APIFailure {
    APIFailure(
      code: 406, reason: "NotAcceptable",
      message: "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, "
        + "application/vnd.kubernetes.protobuf, application/json;stream=watch, "
        + "application/vnd.kubernetes.protobuf;stream=watch", details: .init())
  }
}
