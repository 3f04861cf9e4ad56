import FoundationEssentials
import KubernetesClient
import KubernetesModel

/// Objects written in YAML or JSON files, as `kubectl apply -f` takes them.
package enum ManifestFiles {
  /// Why a file cannot be read as objects.
  package struct Failure: Error, Sendable, CustomStringConvertible {
    package let description: String
  }

  /// All objects of a file, or of the YAML and JSON files of a directory in the order of their names.
  package static func objects(at path: String) throws(Failure) -> [JSONValue] {
    var isDirectory = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
      throw Failure(description: "\(path): no such file or directory")
    }
    guard isDirectory else { return try Self.objects(inFile: path) }
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    } catch {
      throw Failure(description: "\(path): \(error)")
    }
    var objects: [JSONValue] = []
    for name in names where [".yaml", ".yml", ".json"].contains(where: { name.hasSuffix($0) }) {
      objects += try Self.objects(inFile: "\(path)/\(name)")
    }
    return objects
  }

  private static func objects(inFile path: String) throws(Failure) -> [JSONValue] {
    do {
      let data = try Data(contentsOf: URL(filePath: path))
      return try YAMLText.documents(String(decoding: data, as: UTF8.self)).flatMap {
        $0["kind"]?.string == "List" ? $0["items"]?.array ?? [] : [$0]
      }.filter { $0.object != nil }
    } catch {
      throw Failure(description: "\(path): \(error)")
    }
  }
}

extension APIRegistry {
  /// Creates the objects of manifests, those that are there already being left as they are.
  package func load(_ objects: [JSONValue]) throws(APIFailure) {
    for object in objects {
      guard
        let definition = self.catalog.definition(
          apiVersion: object["apiVersion"]?.string ?? "", kind: object.kind)
      else {
        throw .badRequest(
          "\(object.kind) \"\(object.name)\": the kind \(object.kind) of \(object["apiVersion"]?.string ?? "?") is not "
            + "served here")
      }
      do {
        _ = try self.createObject(object, as: definition.type)
      } catch  where error.reason != "AlreadyExists" {
        throw error
      } catch {
        // It is there already.
      }
    }
  }
}
