import FoundationEssentials
import KubernetesModel

/// The images that a lab runs from files of this machine, instead of what `ContainerImage` makes of their names.
package struct LocalImages: Sendable, Hashable {
  package enum Source: Sendable, Hashable {
    /// A program in the machine's own root file system.
    case program(String)
    /// An image with a root file system of its own, unpacked.
    case bundle(OCIBundle)
  }

  private var sources: [String: Source] = [:]

  package init() {}

  /// Reads `REFERENCE=PATH`: the path is that of a program, or of a directory that `umoci unpack` has written.
  package mutating func add(_ text: String) throws {
    guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
      throw LabRefusal("--image \(text): it is REFERENCE=PATH, such as example.org/speaker:1=./bundle.")
    }
    let path = String(text[text.index(after: equals)...])
    var isDirectory = false
    guard path.hasPrefix("/"), FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
      throw LabRefusal("--image \(text): there is no \(path); it is a whole path.")
    }
    self.add(String(text[..<equals]), isDirectory ? .bundle(try OCIBundle(directory: path)) : .program(path))
  }

  mutating func add(_ reference: String, _ source: Source) { self.sources[reference] = source }

  package subscript(reference: String) -> Source? {
    self.sources[reference] ?? self.sources[ContainerImage.repository(of: reference)]
  }
}

/// A container's root file system and how to start it, as OCI's runtime specification lays them out: `rootfs` and `config.json`.
package struct OCIBundle: Sendable, Hashable {
  package let rootFileSystem: String
  let arguments: [String]
  let environment: [String]
  let user: UInt32
  let group: UInt32

  init(rootFileSystem: String, arguments: [String], environment: [String], user: UInt32, group: UInt32) {
    self.rootFileSystem = rootFileSystem
    self.arguments = arguments
    self.environment = environment
    self.user = user
    self.group = group
  }

  package init(directory: String) throws {
    let path = "\(directory)/config.json"
    guard let bytes = BlockingFiles.read(path), let json = try? JSONValue(json: bytes), let process = json["process"]
    else {
      throw LabRefusal("\(path) cannot be read as the configuration of an OCI bundle: unpack the image with umoci.")
    }
    let root = json[path: "root", "path"]?.string ?? "rootfs"
    self.rootFileSystem = root.hasPrefix("/") ? root : "\(directory)/\(root)"
    self.arguments = (process["args"]?.array ?? []).compactMap(\.string)
    self.environment = (process["env"]?.array ?? []).compactMap(\.string)
    self.user = UInt32(clamping: process[path: "user", "uid"]?.integer ?? 0)
    self.group = UInt32(clamping: process[path: "user", "gid"]?.integer ?? 0)
  }
}
