import Foundation

/// Where the programs under test and their peers are. One that is missing fails the test: nothing is skipped.
package enum Tool {
  /// The top of the checkout.
  package static let repository: URL = {
    var directory = URL(fileURLWithPath: #filePath)
    for _ in 1...4 { directory.deleteLastPathComponent() }
    return directory
  }()

  /// The binary under test: METALLB_BINARY, or the debug build of this checkout.
  package static func metallb() throws -> String {
    let given = ProcessInfo.processInfo.environment["METALLB_BINARY"]
    return try self.existing(given ?? self.repository.appendingPathComponent(".build/debug/metallb").path)
  }

  package static func script(_ name: String) throws -> String {
    try self.existing(self.repository.appendingPathComponent("Scripts/\(name)").path)
  }

  /// A program that Scripts/setup unpacked into the cache.
  package static func cached(_ name: String) throws -> String {
    let environment = ProcessInfo.processInfo.environment
    let cache = environment["METALLB_CACHE"] ?? "\(environment["HOME"] ?? "/root")/.cache/metallb"
    return try self.existing("\(cache)/\(name)")
  }

  private static func existing(_ path: String) throws -> String {
    guard access(path, X_OK) == 0 else { throw HarnessError.missingTool(path) }
    return path
  }
}
