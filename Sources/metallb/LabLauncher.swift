import ArgumentParser
import Glibc
import Lab
import Logging
import UnixSignals

/// How the processes of a lab are started, and how they end.
enum LabLauncher {
  /// The path of this very binary.
  static var binary: String {
    var path = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &path, path.count - 1)
    return count > 0 ? String(decoding: path.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self) : "metallb"
  }

  static func checkMachine(withRouters: Bool = false) throws {
    let missing = LabRequirements.missing() + (withRouters ? LabRequirements.missingForRouters() : [])
    guard missing.isEmpty else {
      throw LabRefusal("A lab cannot run on this machine. What is missing:\n" + missing.map { "  - \($0)\n" }.joined())
    }
  }

  /// Removes what labs have left that died without a chance to clean up.
  static func sweepDeadLabs(except name: String) async throws {
    for directory in LabDirectory.all() where directory.lab != name && directory.isAbandoned {
      try await directory.sweep()
    }
  }

  /// Tells a process in a user namespace, where everybody is root, whose lab it runs.
  static var environmentOfUser: [String] {
    geteuid() == 0 ? [] : ["env", "\(LabDirectory.userVariable)=\(getuid())"]
  }

  /// Starts this very command again as root of a user namespace; does not return when that works.
  static func becomePrivileged() throws {
    try self.become(
      self.environmentOfUser + LabRequirements.privileged([self.binary] + CommandLine.arguments.dropFirst()))
  }

  /// Replaces this process.
  static func become(_ arguments: [String]) throws {
    guard let path = Tool.find(arguments[0]) else { throw LabRefusal("\(arguments[0]): not found on this machine") }
    let failure = ChildProcess.replaceThisOne(path: path, arguments: arguments)
    throw LabRefusal("\(path): \(String(cString: strerror(failure)))")
  }

  static func spawn(_ arguments: [String], log: String) throws -> ChildProcess {
    guard let path = Tool.find(arguments[0]) else { throw LabRefusal("\(arguments[0]): not found on this machine") }
    let output = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard output >= 0 else { throw LabRefusal("\(log): \(String(cString: strerror(errno)))") }
    defer { close(output) }
    return try ChildProcess(path: path, arguments: arguments, environment: nil, output: output)
  }

  static func hasEnded(_ child: ChildProcess) -> Bool {
    var status: Int32 = 0
    return waitpid(child.pid, &status, WNOHANG) == child.pid
  }

  /// Runs until the work is done, and gives back its result, or until SIGTERM, SIGINT or SIGHUP asks it to stop; then
  /// the work is cancelled and awaited, and the result is nil.
  static func untilSignalled<Result: Sendable>(
    _ work: @escaping @Sendable () async throws -> Result
  ) async throws -> Result? {
    let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup)
    return try await withThrowingTaskGroup(of: Result?.self) { group in
      group.addTask { try await work() }
      group.addTask {
        for await _ in signals { break }
        return nil
      }
      let result = try await group.next() ?? nil
      group.cancelAll()
      // After a signal the work still takes down what it has built.
      if result == nil { _ = try? await group.next() }
      return result
    }
  }
}
