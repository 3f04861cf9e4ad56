import FoundationEssentials
import Layer2
import Yams

/// The file with `announcedInterfacesToExclude`, which the manifests mount from a ConfigMap (contract section 11.2).
enum ExclusionFile {
  /// Why the file cannot be used; the process does not start then, as announcing on the wrong interfaces does harm.
  enum Failure: Error, Equatable, CustomStringConvertible {
    case unreadable(path: String, reason: String)
    case malformed(path: String, reason: String)
    case pattern(path: String, InterfaceExclusions.InvalidPattern)

    var description: String {
      switch self {
      case .unreadable(let path, let reason): "cannot read \(path): \(reason)"
      case .malformed(let path, let reason):
        "\(path) must hold a list of regular expressions under announcedInterfacesToExclude: \(reason)"
      case .pattern(let path, let failure): "\(path): \(failure)"
      }
    }
  }

  private struct Content: Decodable {
    var announcedInterfacesToExclude: [String]?
  }

  /// The exclusions of a file; without a file, nothing is excluded.
  static func read(_ path: String) throws(Failure) -> InterfaceExclusions {
    guard FileManager.default.fileExists(atPath: path) else { return .none }
    let text: String
    do {
      text = try String(contentsOfFile: path, encoding: .utf8)
    } catch {
      throw .unreadable(path: path, reason: "\(error)")
    }
    return try self.parse(text, path: path)
  }

  static func parse(_ text: String, path: String) throws(Failure) -> InterfaceExclusions {
    let content: Content?
    do {
      // An empty document is no mapping, and lists nothing.
      content = try Yams.compose(yaml: text).map { try YAMLDecoder().decode(Content.self, from: $0) }
    } catch {
      throw .malformed(path: path, reason: Self.oneLine(error))
    }
    do throws(InterfaceExclusions.InvalidPattern) {
      return try InterfaceExclusions(content?.announcedInterfacesToExclude ?? [])
    } catch {
      throw .pattern(path: path, error)
    }
  }

  private static func oneLine(_ error: any Error) -> String {
    switch error {
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
      DecodingError.dataCorrupted(let context):
      context.debugDescription
    default: "\(error)".split(separator: "\n").joined(separator: " ")
    }
  }
}
