import Foundation
import Synchronization

/// The directory of one test run: everything a test writes is below it, and it goes when the run ends.
package final class Workspace: Sendable {
  package static let current = Workspace()

  package let directory: URL
  private let counter = Mutex(0)

  private init() {
    let parent = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
    self.directory = URL(fileURLWithPath: "\(parent)/metallb-tests-\(getpid())")
    try? FileManager.default.createDirectory(at: self.directory, withIntermediateDirectories: true)
    atexit { try? FileManager.default.removeItem(at: Workspace.current.directory) }
  }

  /// A number that no other caller of this run gets.
  package func newNumber() -> Int {
    self.counter.withLock { counter in
      counter += 1
      return counter
    }
  }

  package func newDirectory(_ name: String) -> URL {
    let directory = self.directory.appendingPathComponent("\(name)-\(self.newNumber())")
    try? FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    return directory
  }

  /// Writes a file that a test hands to a program, and returns its path.
  package func file(_ name: String, _ text: String) throws -> String {
    let file = self.newDirectory("file").appendingPathComponent(name)
    try text.write(to: file, atomically: false, encoding: .utf8)
    return file.path
  }
}
