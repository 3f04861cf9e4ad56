import Glibc

/// A system call that failed, with what it was for.
package struct SystemError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What was attempted, as the start of a sentence: `bind a packet socket to eth0`.
  package let operation: String
  /// The kernel's `errno`.
  package let code: Int32

  package init(_ operation: String, code: Int32 = errno) {
    self.operation = operation
    self.code = code
  }

  package var description: String {
    "cannot \(self.operation): \(String(cString: strerror(self.code)))\(self.remedy)"
  }

  private var remedy: String {
    switch self.code {
    case EPERM, EACCES: " (the process needs the capability NET_RAW)"
    default: ""
    }
  }
}

/// A file descriptor that is closed with its last owner, so that no number is ever used after it was given away.
package final class Descriptor: Sendable {
  package let number: Int32

  /// Takes ownership of what a system call returned; throws if that was a failure.
  package init(owning number: Int32, _ operation: @autoclosure () -> String) throws(SystemError) {
    guard number >= 0 else { throw SystemError(operation()) }
    self.number = number
  }

  deinit {
    close(self.number)
  }

  package func setOption(
    _ level: Int32, _ name: Int32, _ value: Int32, _ operation: @autoclosure () -> String
  ) throws(SystemError) {
    let result = withUnsafePointer(to: value) {
      setsockopt(self.number, level, name, $0, socklen_t(MemoryLayout<Int32>.size))
    }
    guard result == 0 else { throw SystemError(operation()) }
  }
}
