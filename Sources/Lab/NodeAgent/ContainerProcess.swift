import Glibc
import KubernetesModel
import Synchronization

/// A container that runs: its process, and the thread that writes down what it says.
package final class ContainerProcess: Sendable {
  package let pid: pid_t
  /// Says once how it ended.
  let ending: AsyncStream<ChildProcess.Status>
  private let hasEnded = Mutex(false)

  /// Starts `program arguments` with its output going, line by line, to a log file.
  init(program: String, arguments: [String], environment: [String], log: LogFile) throws(ToolFailure) {
    guard let output = Pipe() else {
      throw ToolFailure(tool: program, reason: String(cString: strerror(errno)))
    }
    let child: ChildProcess
    do {
      child = try ChildProcess(
        path: program, arguments: arguments, environment: environment, output: output.writeEnd)
    } catch {
      output.closeBoth()
      throw error
    }
    close(output.writeEnd)
    self.pid = child.pid
    let (ending, continuation) = AsyncStream.makeStream(of: ChildProcess.Status.self)
    self.ending = ending
    let isStarted = NamespaceThread.start { [self] in
      log.record(from: output.readEnd)
      close(output.readEnd)
      let status = child.wait()
      self.hasEnded.withLock { $0 = true }
      continuation.yield(status)
      continuation.finish()
    }
    guard isStarted else {
      close(output.readEnd)
      kill(child.pid, SIGKILL)
      _ = child.wait()
      throw ToolFailure(tool: "pthread_create", reason: "no thread left")
    }
  }

  /// Sends a signal, unless the process has ended and its number may belong to another.
  func send(_ signal: Int32) {
    self.hasEnded.withLock { hasEnded in
      if !hasEnded { kill(self.pid, signal) }
    }
  }
}

/// The log of one run of a container: each line with its time, as container runtimes write it.
package struct LogFile: Sendable {
  package let path: String

  package init(path: String) {
    self.path = path
  }

  /// Copies lines until the other end closes.
  func record(from descriptor: Int32) {
    let file = open(self.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    defer { if file >= 0 { close(file) } }
    var pending: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 16384)
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      if count <= 0 { break }
      pending.append(contentsOf: buffer[..<count])
      var lines: [UInt8] = []
      while let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
        lines += Self.prefix() + pending[...end]
        pending.removeFirst(end + 1)
      }
      if pending.count > 65536 {
        lines += Self.prefix() + pending + [UInt8(ascii: "\n")]
        pending = []
      }
      if file >= 0, !lines.isEmpty { _ = write(file, lines, lines.count) }
    }
    if file >= 0, !pending.isEmpty {
      let last = Self.prefix() + pending + [UInt8(ascii: "\n")]
      _ = write(file, last, last.count)
    }
  }

  private static func prefix() -> [UInt8] {
    Array("\(WallClock.now.microText) stdout F ".utf8)
  }
}
