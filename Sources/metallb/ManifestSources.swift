import Balancer
import FoundationEssentials
import KubernetesClient
import KubernetesModel
import Lab

/// The documents of the files that `-f` names.
enum ManifestSources {
  /// Why a file cannot be read.
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// Every document of files, of the YAML and JSON files of directories, or of standard input (`-`).
  static func read(_ paths: [String]) throws(Failure) -> [ManifestReading.Source] {
    var sources: [ManifestReading.Source] = []
    for path in paths {
      for file in try Self.files(path) { sources += try Self.documents(file) }
    }
    return sources
  }

  private static func files(_ path: String) throws(Failure) -> [String] {
    var isDirectory = false
    if path == "-" { return [path] }
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
      throw Failure(description: "\(path): no such file or directory")
    }
    guard isDirectory else { return [path] }
    do {
      return try FileManager.default.contentsOfDirectory(atPath: path).sorted()
        .filter { name in [".yaml", ".yml", ".json"].contains { name.hasSuffix($0) } }
        .map { "\(path)/\($0)" }
    } catch {
      throw Failure(description: "\(path): \(error)")
    }
  }

  private static func documents(_ path: String) throws(Failure) -> [ManifestReading.Source] {
    let name = path == "-" ? "standard input" : path
    guard let bytes = BlockingFiles.read(path == "-" ? "/dev/stdin" : path) else {
      throw Failure(description: "\(name): cannot be read")
    }
    let documents: [JSONValue]
    do throws(YAMLText.Failure) {
      documents = try YAMLText.documents(String(decoding: bytes, as: UTF8.self))
    } catch {
      throw Failure(description: "\(name): \(error)")
    }
    return documents.enumerated().map { index, document in
      let place = documents.count == 1 ? name : "\(name), document \(index + 1)"
      return ManifestReading.Source(place: place, document: document)
    }
  }
}

/// Documents as objects by way of Foundation's decoders.
struct FoundationCoder: DocumentCoder {
  func decode<R: KubernetesResource>(_ document: JSONValue, as type: R.Type) throws(DecodingFailure) -> R {
    try R(document: document)
  }

  func encode(_ object: some KubernetesResource) -> JSONValue? { try? object.document() }

  func tree(_ text: String) throws(DecodingFailure) -> JSONValue {
    do {
      return try YAMLText.document(text)
    } catch {
      throw DecodingFailure(error)
    }
  }
}
