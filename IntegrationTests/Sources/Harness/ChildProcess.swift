import Foundation
import Synchronization

/// A program started by a test, in a session of its own, with its output in files.
///
/// Files and not pipes: a program that leaves a daemon behind (`lab up`) would keep a pipe open, and one that prints much would
/// block on a pipe that nobody reads. A session of its own: a program that outlives its time is killed with all its children.
package final class ChildProcess: Sendable {
  package let name: String
  package let identifier: pid_t
  private let directory: URL
  private let exit = Mutex<Int32?>(nil)

  /// Starts `arguments[0]` (a path, or a name looked up on the PATH) with the rest as its arguments.
  package init(
    _ arguments: [String], environment: [String: String] = [:], directory: URL? = nil, input: String = ""
  ) throws {
    guard let program = arguments.first, let path = ChildProcess.locate(program) else {
      throw HarnessError.missingTool(arguments.first ?? "")
    }
    guard let setsid = ChildProcess.locate("setsid") else { throw HarnessError.missingTool("setsid") }
    self.name = URL(fileURLWithPath: program).lastPathComponent
    self.directory = Workspace.current.newDirectory("process")
    let inputFile = self.directory.appendingPathComponent("stdin")
    try input.write(to: inputFile, atomically: false, encoding: .utf8)

    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    let creation = O_WRONLY | O_CREAT | O_APPEND
    posix_spawn_file_actions_addopen(&actions, 0, inputFile.path, O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, self.directory.appendingPathComponent("stdout").path, creation, 0o600)
    posix_spawn_file_actions_addopen(&actions, 2, self.directory.appendingPathComponent("stderr").path, creation, 0o600)
    // Threads of a concurrent runtime block signals, and a child would inherit that: it must hear SIGTERM.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    var all = sigset_t()
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

    let variables = ChildProcess.inherited.merging(environment) { _, new in new }
    // setsid and env replace themselves by the program: its process identifier is the one that posix_spawn gives.
    let enter = directory.map { ["env", "--chdir=\($0.path)"] } ?? []
    var argv: [UnsafeMutablePointer<CChar>?] = (["setsid"] + enter + [path] + arguments.dropFirst()).map { strdup($0) }
    argv.append(nil)
    var envp: [UnsafeMutablePointer<CChar>?] = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for pointer in argv + envp { free(pointer) } }
    var identifier: pid_t = 0
    let result = posix_spawn(&identifier, setsid, &actions, &attributes, &argv, &envp)
    guard result == 0 else { throw HarnessError.notStarted(path, String(cString: strerror(result))) }
    self.identifier = identifier
  }

  deinit {
    guard self.exit.withLock({ $0 }) == nil else { return }
    kill(-self.identifier, SIGKILL)
    var status: Int32 = 0
    waitpid(self.identifier, &status, 0)
  }

  /// What every program of a test sees: nothing that changes its language, colours or cluster by accident.
  private static let inherited: [String: String] = {
    var environment = ProcessInfo.processInfo.environment
    for name in ["KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT", "LANGUAGE"] {
      environment[name] = nil
    }
    environment["LC_ALL"] = "C.UTF-8"
    environment["TERM"] = "dumb"
    return environment
  }()

  static func locate(_ program: String) -> String? {
    if program.contains("/") { return access(program, X_OK) == 0 ? program : nil }
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    let directories = path.split(separator: ":").map(String.init) + ["/usr/sbin", "/sbin"]
    return directories.map { "\($0)/\(program)" }.first { access($0, X_OK) == 0 }
  }

  package var standardOutput: String { self.read("stdout") }
  package var standardError: String { self.read("stderr") }

  private func read(_ file: String) -> String {
    let data = (try? Data(contentsOf: self.directory.appendingPathComponent(file))) ?? Data()
    return String(decoding: data, as: UTF8.self)
  }

  /// The exit code, 128 + number after a signal as in a shell, nil while it runs.
  package var exitCode: Int32? {
    self.exit.withLock { known in
      if known == nil {
        var status: Int32 = 0
        if waitpid(self.identifier, &status, WNOHANG) == self.identifier {
          known = status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
        }
      }
      return known
    }
  }

  package var isRunning: Bool { self.exitCode == nil }

  package func signal(_ number: Int32) {
    if self.isRunning { kill(self.identifier, number) }
  }

  /// Waits for the end; past the limit the whole session is killed and the test fails.
  package func output(within limit: Duration) async throws -> Output {
    let deadline = ContinuousClock.now + Patience.limit(limit)
    while true {
      if let code = self.exitCode {
        return Output(command: self.name, code: code, out: self.standardOutput, error: self.standardError)
      }
      guard ContinuousClock.now < deadline else {
        kill(-self.identifier, SIGKILL)
        throw HarnessError.overtime(self.name, limit, self.standardOutput + self.standardError)
      }
      try await Task.sleep(for: .milliseconds(5))
    }
  }

  /// Asks it to stop, as a node agent does: SIGTERM, and SIGKILL for its session when it doesn't go.
  @discardableResult
  package func stop(within limit: Duration = .seconds(10)) async -> Int32? {
    self.signal(SIGTERM)
    let deadline = ContinuousClock.now + Patience.limit(limit)
    while self.isRunning {
      if ContinuousClock.now > deadline || Task.isCancelled { kill(-self.identifier, SIGKILL) }
      await Pause.milliseconds(5)
    }
    kill(-self.identifier, SIGKILL)
    return self.exitCode
  }
}

/// What a finished program left: its exit code and everything that it printed.
package struct Output: Sendable, Equatable {
  package let command: String
  package let code: Int32
  package let out: String
  package let error: String

  /// The output without its last line feed; a failure of the test when the program failed.
  package func expectSuccess() throws -> String {
    guard self.code == 0 else { throw HarnessError.failed(self) }
    return self.out.trimmingCharacters(in: .newlines)
  }
}

/// Runs a program to its end.
@discardableResult
package func run(
  _ arguments: [String], environment: [String: String] = [:], directory: URL? = nil, input: String = "",
  within limit: Duration = .seconds(30)
) async throws -> Output {
  try await ChildProcess(arguments, environment: environment, directory: directory, input: input).output(within: limit)
}
