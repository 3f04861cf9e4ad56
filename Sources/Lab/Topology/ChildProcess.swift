import CLinux
import Glibc

/// A process that this one started and must wait for.
package struct ChildProcess: Sendable {
  package let pid: pid_t

  package enum Status: Sendable, Hashable, CustomStringConvertible {
    case exited(Int32)
    case signalled(Int32)

    package var description: String {
      switch self {
      case .exited(let code): "exit code \(code)"
      case .signalled(let signal): "ended by signal \(signal)"
      }
    }
  }

  /// Starts a program; `environment` nil = the same as ours. Nothing but the three standard streams is handed over,
  /// and no signal is blocked or ignored in it.
  package init(
    path: String, arguments: [String], environment: [String]?, input: Int32? = nil, output: Int32
  ) throws(ToolFailure) {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    if let input {
      posix_spawn_file_actions_adddup2(&actions, input, 0)
    } else {
      posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    }
    posix_spawn_file_actions_adddup2(&actions, output, 1)
    posix_spawn_file_actions_adddup2(&actions, output, 2)
    // Not all libraries mark their sockets as close-on-exec: a connection that we close must not live on in a child.
    posix_spawn_file_actions_addclosefrom_np(&actions, 3)

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    var all = sigset_t()
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    // A process group of its own: a Control-C in the terminal is for the lab, which ends its children in order.
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))

    var pid: pid_t = 0
    let result = Self.withCStrings(arguments) { argv in
      guard let environment else { return posix_spawn(&pid, path, &actions, &attributes, argv, environ) }
      return Self.withCStrings(environment) { posix_spawn(&pid, path, &actions, &attributes, argv, $0) }
    }
    guard result == 0 else { throw ToolFailure(tool: path, reason: String(cString: strerror(result))) }
    self.pid = pid
  }

  /// Blocks the thread until the process has ended.
  package func wait() -> Status {
    var status: Int32 = 0
    while waitpid(self.pid, &status, 0) < 0 { if errno != EINTR { return .exited(-1) } }
    let signal = status & 0x7F
    return signal == 0 ? .exited(status >> 8 & 0xFF) : .signalled(signal)
  }

  /// Replaces this process by another program; returns, with the error number, only when that fails.
  ///
  /// Threads of a concurrent runtime block signals, and the program would inherit that: it must hear Control-C.
  package static func replaceThisOne(path: String, arguments: [String]) -> Int32 {
    Self.withCStrings(arguments) { argv in
      var none = sigset_t()
      sigemptyset(&none)
      pthread_sigmask(SIG_SETMASK, &none, nil)
      execve(path, argv, environ)
      return errno
    }
  }

  /// Hands out a null-terminated array of C strings, as `execve` and `posix_spawn` want it.
  static func withCStrings<Result>(
    _ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
  ) -> Result {
    let pointers = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: strings.count + 1)
    defer { pointers.deallocate() }
    for (index, string) in strings.enumerated() { (pointers + index).initialize(to: strdup(string)) }
    (pointers + strings.count).initialize(to: nil)
    defer { for index in strings.indices { free(pointers[index]) } }
    return body(pointers)
  }
}
