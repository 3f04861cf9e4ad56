import Glibc

/// One run of a credential plugin: a child process whose output is collected, within limits of size and time.
///
/// It blocks its thread, and so belongs on a thread pool.
struct PluginProcess {
  let plugin: ExecPlugin
  /// The environment of this process, which the plugin's own variables are added to.
  let environment: [String: String]
  let limit: Duration

  private static let maximumOutput = 1 << 20

  func output(requestInfo: String, now: () -> ContinuousClock.Instant) throws(CredentialError) -> [UInt8] {
    var environment = self.environment.merging(self.plugin.environment) { _, own in own }
    environment["KUBERNETES_EXEC_INFO"] = requestInfo
    guard let stdout = Pipe(), let stderr = Pipe() else {
      throw .pluginStart(command: self.plugin.command, reason: Self.message(errno), hint: nil)
    }
    let child = try self.spawn(environment: environment, stdout: stdout, stderr: stderr)
    stdout.closeWriting()
    stderr.closeWriting()
    let deadline = now() + self.limit
    var output: [UInt8] = []
    var complaint: [UInt8] = []
    var isLate = false
    var open: Set<Int32> = [stdout.reading, stderr.reading]
    while !open.isEmpty {
      let left = now().duration(to: deadline)
      guard left > .zero, output.count <= Self.maximumOutput else {
        isLate = true
        kill(child, SIGKILL)
        break
      }
      var descriptors = open.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
      let timeout = Int32(clamping: left.components.seconds * 1000 + 1)
      guard poll(&descriptors, nfds_t(descriptors.count), timeout) >= 0 || errno == EINTR else { break }
      for descriptor in descriptors where descriptor.revents != 0 {
        guard let bytes = Self.read(descriptor.fd), !bytes.isEmpty else {
          open.remove(descriptor.fd)
          continue
        }
        if descriptor.fd == stdout.reading {
          output += bytes
        } else if complaint.count < 4096 {
          complaint += bytes
        }
      }
    }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0 && errno == EINTR {}
    let exitCode = status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
    guard exitCode == 0 else {
      let text =
        isLate
        ? "it took longer than \(self.limit) or printed too much" : String(decoding: complaint, as: UTF8.self).trimmed
      throw .pluginExit(command: self.plugin.command, status: exitCode, stderr: text)
    }
    return output
  }

  private func spawn(
    environment: [String: String], stdout: borrowing Pipe, stderr: borrowing Pipe
  ) throws(CredentialError) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, stdout.writing, STDOUT_FILENO)
    posix_spawn_file_actions_adddup2(&actions, stderr.writing, STDERR_FILENO)
    var arguments = ([self.plugin.command] + self.plugin.arguments).map { strdup($0) } + [nil]
    var variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { (arguments + variables).forEach { free($0) } }
    var child: pid_t = 0
    let code = posix_spawnp(&child, self.plugin.command, &actions, nil, &arguments, &variables)
    guard code == 0 else {
      throw .pluginStart(
        command: self.plugin.command, reason: Self.message(code), hint: self.plugin.installHint)
    }
    return child
  }

  /// The bytes at hand; nil or empty at the end.
  private static func read(_ descriptor: Int32) -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let count = Glibc.read(descriptor, &buffer, buffer.count)
    if count < 0 { return nil }
    return Array(buffer[..<count])
  }

  private static func message(_ code: Int32) -> String { String(cString: strerror(code)) }
}

/// A pipe whose ends are closed when it goes.
private struct Pipe: ~Copyable {
  let reading: Int32
  let writing: Int32
  private let isWritingClosed = Flag()

  private final class Flag {
    var isSet = false
  }

  init?() {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { return nil }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    self.reading = ends[0]
    self.writing = ends[1]
  }

  borrowing func closeWriting() {
    if self.isWritingClosed.isSet { return }
    self.isWritingClosed.isSet = true
    close(self.writing)
  }

  deinit {
    close(self.reading)
    if !self.isWritingClosed.isSet { close(self.writing) }
  }
}
