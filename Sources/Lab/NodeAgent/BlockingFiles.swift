import Glibc

/// Small files of the lab's own directories, written off the concurrency threads' time as plain system calls.
package enum BlockingFiles {
  package static func write(_ bytes: [UInt8], to path: String) async throws(ToolFailure) {
    // A file appears whole or not at all: readers such as a container's process never see half of it.
    let temporary = "\(path).new"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw Self.failure(path) }
    let count = Glibc.write(descriptor, bytes, bytes.count)
    close(descriptor)
    guard count == bytes.count, rename(temporary, path) == 0 else { throw Self.failure(path) }
  }

  package static func read(_ path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      guard count > 0 else { return count == 0 ? bytes : nil }
      bytes.append(contentsOf: buffer[..<count])
    }
  }

  package static func makeDirectory(_ path: String) async throws(ToolFailure) {
    var made = ""
    for part in path.split(separator: "/") {
      made += "/\(part)"
      if mkdir(made, 0o755) != 0, errno != EEXIST { throw Self.failure(made) }
    }
  }

  /// Makes a directory hold exactly these files; one that is as it should be is not touched.
  package static func replaceContent(of directory: String, with files: [String: [UInt8]]) async throws(ToolFailure) {
    for name in Self.names(in: directory) where files[name] == nil { unlink("\(directory)/\(name)") }
    for (name, bytes) in files where !name.contains("..") {
      let path = "\(directory)/\(name)"
      if let slash = name.lastIndex(of: "/") { try await Self.makeDirectory("\(directory)/\(name[..<slash])") }
      if Self.read(path) != bytes { try await Self.write(bytes, to: path) }
    }
  }

  /// Removes a file or a whole directory; what is not there is fine.
  package static func remove(_ path: String) async {
    _ = try? await Tool.run(["rm", "-rf", "--one-file-system", "--", path])
  }

  package static func names(in directory: String) -> [String] {
    guard let handle = opendir(directory) else { return [] }
    defer { closedir(handle) }
    var names: [String] = []
    while let entry = readdir(handle) {
      let name = withUnsafePointer(to: entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  private static func failure(_ path: String) -> ToolFailure {
    ToolFailure(tool: path, reason: String(cString: strerror(errno)))
  }
}
