import KubernetesModel

/// The old ConfigMap in the fields that matter: which object it is, and what its `config` text says.
package struct LegacyConfigMap: Sendable, Equatable {
  /// What became of reading the `config` text.
  package enum Content: Sendable, Equatable {
    /// There is no such text, or it is empty.
    case missing
    /// It is not YAML.
    case unreadable(String)
    case tree(JSONValue)
  }

  package var key: ObjectKey
  package var reference: ObjectReference
  package var content: Content

  /// `parse` reads a YAML text, or throws what is wrong with it.
  package init<Failure: Error>(_ object: ConfigMap, parse: (String) throws(Failure) -> JSONValue) {
    self.key = object.key
    self.reference = ObjectReference(to: object)
    let text = object.data?["config"] ?? ""
    guard !text.isEmpty else {
      self.content = .missing
      return
    }
    do throws(Failure) {
      self.content = .tree(try parse(text))
    } catch {
      self.content = .unreadable("\(error)")
    }
  }

  /// The objects that it stands for, and all that is wrong; the sentences are upstream's where it has some.
  package func conversion(naming: LegacyConversion.Naming, namespace: String) -> LegacyConversion? {
    guard case .tree(let tree) = self.content else { return nil }
    return LegacyConversion(LegacyDocument(tree), namespace: namespace, naming: naming)
  }
}
