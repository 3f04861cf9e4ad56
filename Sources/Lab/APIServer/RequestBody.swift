import KubernetesClient
import KubernetesModel

/// Reads request bodies of the types that a real API server takes.
enum RequestBody {
  static func object(_ request: APIRequest) throws(APIFailure) -> JSONValue {
    let type = MediaRanges.range(request.headers.first(name: "content-type") ?? "").type
    switch type {
    case "", "application/json": return try Self.json(request.body)
    case "application/yaml": return try Self.yaml(request.body)
    case ProtobufBody.mediaType:
      do {
        return try ProtobufBody.decode(request.body)
      } catch {
        throw .badRequest("the body of the request cannot be read: \(error)")
      }
    default: throw .unsupportedMediaType
    }
  }

  static func json(_ body: [UInt8]) throws(APIFailure) -> JSONValue {
    if body.isEmpty { return [:] }
    do {
      return try JSONValue(json: body)
    } catch {
      throw .badRequest("couldn't get version/kind; json parse error: \(error)")
    }
  }

  static func yaml(_ body: [UInt8]) throws(APIFailure) -> JSONValue {
    do throws(YAMLText.Failure) {
      let value = try YAMLText.document(String(decoding: body, as: UTF8.self))
      return value == .null ? [:] : value
    } catch {
      throw .badRequest("error converting YAML to JSON: \(error)")
    }
  }

  static func patch(_ request: APIRequest, _ definition: ResourceDefinition) throws(APIFailure) -> ObjectPatch {
    let type = MediaRanges.range(request.headers.first(name: "content-type") ?? "").type
    switch type {
    case "application/json-patch+json": return .json(try Self.patchJSON(request.body))
    case "application/merge-patch+json": return .merge(try Self.patchJSON(request.body))
    case "application/strategic-merge-patch+json" where !definition.isCustom:
      return .strategic(try Self.patchJSON(request.body))
    case "application/apply-patch+yaml": return .apply(try Self.yaml(request.body))
    case "application/apply-patch+json": return .apply(try Self.patchJSON(request.body))
    default:
      var accepted = ["application/json-patch+json", "application/merge-patch+json", "application/apply-patch+yaml"]
      if !definition.isCustom { accepted.insert("application/strategic-merge-patch+json", at: 2) }
      throw .unsupportedMediaType(accepted)
    }
  }

  private static func patchJSON(_ body: [UInt8]) throws(APIFailure) -> JSONValue {
    do {
      return try JSONValue(json: body)
    } catch {
      throw .badRequest("error decoding patch: \(error)")
    }
  }
}
