import FoundationEssentials
import KubernetesModel

extension JSONValue {
  /// The value that a JSON text stands for.
  init(parsing text: String) throws {
    self = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
  }
}
