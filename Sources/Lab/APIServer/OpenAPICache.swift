import KubernetesModel
import NIOConcurrencyHelpers
import NIOHTTP1

/// The OpenAPI documents of what is served, made once for each set of kinds.
final class OpenAPICache: Sendable {
  private struct State {
    var kinds: [OpenAPIDocuments.ServedKind] = []
    var documents: OpenAPIDocuments?
    var texts: [String: (body: [UInt8], tag: String)] = [:]
  }

  private let state = NIOLockedValueBox(State())

  func respond(to request: APIRequest, _ parts: [String], _ catalog: ResourceCatalog) throws(APIFailure) -> APIResponse
  {
    guard request.method == "GET" else { throw .methodNotAllowed }
    let kinds = catalog.all.map {
      OpenAPIDocuments.ServedKind(type: $0.type, schema: $0.custom?.openAPISchema, subresources: $0.subresources)
    }
    let accepted = request.headers["accept"].joined(separator: ",")
    switch parts.first {
    case "v2" where parts.count == 1:
      let isProtobuf = accepted.contains("com.github.proto-openapi")
      let type = isProtobuf ? OpenAPIDocuments.protobufContentType : "application/json"
      let entry = self.text("v2 \(type)", kinds) { documents in
        isProtobuf ? documents.documentV2Protobuf() : documents.documentV2().jsonText
      }
      return Self.answer(entry, type: type, request)
    case "v3" where parts.count == 1:
      return Self.answer(self.text("v3", kinds) { $0.index().jsonText }, type: "application/json", request)
    case "v3":
      let path = parts.dropFirst().joined(separator: "/")
      return Self.answer(
        self.text("v3/\(path)", kinds) { $0.document(path: path)?.jsonText }, type: "application/json", request)
    default: return .pageNotFound
    }
  }

  private func text(
    _ name: String, _ kinds: [OpenAPIDocuments.ServedKind], _ make: (OpenAPIDocuments) -> [UInt8]?
  ) -> (body: [UInt8], tag: String)? {
    self.state.withLockedValue { state in
      if state.kinds != kinds || state.documents == nil {
        state.kinds = kinds
        state.documents = OpenAPIDocuments(kinds: kinds, version: "v1.36.2")
        state.texts = [:]
      }
      if let known = state.texts[name] { return known }
      guard let body = state.documents.flatMap(make) else { return nil }
      let entry = (body: body, tag: Discovery.entityTag(of: body))
      state.texts[name] = entry
      return entry
    }
  }

  private static func answer(_ entry: (body: [UInt8], tag: String)?, type: String, _ request: APIRequest) -> APIResponse
  {
    guard let entry else { return .pageNotFound }
    let headers: HTTPHeaders = ["Etag": entry.tag, "Vary": "Accept"]
    if request.headers["if-none-match"].contains(entry.tag) { return .whole(status: 304, headers: headers, body: []) }
    var whole = headers
    whole.add(name: "Content-Type", value: type)
    return .whole(status: 200, headers: whole, body: entry.body)
  }
}
