import CLinux
import Dispatch
import Glibc

/// A command of the system that did not do what it was asked.
package struct ToolFailure: Error, CustomStringConvertible, Hashable {
  package let tool: String
  package let reason: String

  package init(tool: String, reason: String) {
    self.tool = tool
    self.reason = reason
  }

  package var description: String { "\(self.tool): \(self.reason)" }
}

/// Runs commands of the system, such as `ip` and `nft`, and gives back what they print.
package enum Tool {
  @discardableResult
  package static func run(_ command: [String], input: String = "") async throws -> String {
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async { continuation.resume(with: Result { try Self.runBlocking(command, input: input) }) }
    }
  }

  /// The directories that commands are looked for in; an unprivileged user's PATH often lacks the `sbin` ones.
  package static func find(_ name: String) -> String? {
    if name.contains("/") { return access(name, X_OK) == 0 ? name : nil }
    let path = getenv("PATH").map { String(cString: $0) } ?? ""
    let directories = path.split(separator: ":").map(String.init) + ["/usr/sbin", "/sbin", "/usr/bin", "/bin"]
    return directories.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
  }

  static func runBlocking(_ command: [String], input: String) throws(ToolFailure) -> String {
    guard let name = command.first, let path = Self.find(name) else {
      throw ToolFailure(tool: command.first ?? "", reason: "not found on this machine: please install it")
    }
    guard let inlet = Pipe(), let outlet = Pipe() else {
      throw ToolFailure(tool: name, reason: String(cString: strerror(errno)))
    }
    let process: ChildProcess
    do {
      process = try ChildProcess(
        path: path, arguments: command, environment: nil, input: inlet.readEnd, output: outlet.writeEnd)
    } catch {
      inlet.closeBoth()
      outlet.closeBoth()
      throw error
    }
    close(inlet.readEnd)
    close(outlet.writeEnd)
    // What is written here fits a pipe's buffer or is read at once (nft, ip -batch): no command answers before its end.
    Self.writeAll(input, to: inlet.writeEnd)
    close(inlet.writeEnd)
    let output = Self.readAll(outlet.readEnd)
    close(outlet.readEnd)
    let status = process.wait()
    guard status == .exited(0) else {
      let text = output.split(separator: "\n").suffix(6).joined(separator: "; ")
      throw ToolFailure(tool: command.prefix(6).joined(separator: " "), reason: text.isEmpty ? "\(status)" : text)
    }
    return output
  }

  private static func writeAll(_ text: String, to descriptor: Int32) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 { if errno == EINTR { continue } else { return } }
      rest = rest.dropFirst(count)
    }
  }

  private static func readAll(_ descriptor: Int32) -> String {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 16384)
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      if count <= 0 { break }
      bytes.append(contentsOf: buffer[..<count])
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// The two ends of a pipe, neither of which a child inherits unless it is given to it.
struct Pipe {
  let readEnd: Int32
  let writeEnd: Int32

  init?() {
    var ends: [Int32] = [-1, -1]
    guard pipe2(&ends, O_CLOEXEC) == 0 else { return nil }
    self.readEnd = ends[0]
    self.writeEnd = ends[1]
  }

  func closeBoth() {
    close(self.readEnd)
    close(self.writeEnd)
  }
}
