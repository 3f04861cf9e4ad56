import FoundationEssentials
import KubernetesModel

extension JSONValue {
  /// Reads a JSON text that stands inside of an object: a list key, the last applied configuration.
  package init?(text: String) {
    guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)) else { return nil }
    self = value
  }
}
