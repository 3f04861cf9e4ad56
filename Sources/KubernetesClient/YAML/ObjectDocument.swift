import FoundationEssentials
import KubernetesModel

extension KubernetesResource {
  /// The object as a document that names its kind.
  package func document() throws(APIError) -> JSONValue {
    let bytes = try Manifest.encoded(self)
    do {
      return try JSONValue(json: bytes)
    } catch {
      throw .unencodable(error.description)
    }
  }

  /// The object that a document describes.
  package init(document: JSONValue) throws(DecodingFailure) {
    do {
      self = try JSONDecoder().decode(Self.self, from: Data(document.jsonText))
    } catch {
      throw DecodingFailure(error)
    }
  }
}
