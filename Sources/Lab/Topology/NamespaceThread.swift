import CLinux
import Glibc

/// Runs blocking code inside a network namespace, on a thread of its own that ends with it.
///
/// A socket belongs to the namespace it was made in, whoever uses it later; a thread that has moved would have to be
/// moved back. A fresh thread costs some 50 µs and cannot leave another task in the wrong place.
package enum NamespaceThread {
  package static func run<Result: Sendable>(
    in path: String?, _ body: @escaping @Sendable () throws -> Result
  ) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
      let isStarted = Self.start {
        continuation.resume(
          with: Swift.Result {
            if let path { try Self.enter(path) }
            return try body()
          })
      }
      if !isStarted { continuation.resume(throwing: ToolFailure(tool: "pthread_create", reason: "no thread left")) }
    }
  }

  /// Moves the calling thread into the namespace.
  package static func enter(_ path: String) throws(ToolFailure) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw ToolFailure(tool: path, reason: String(cString: strerror(errno))) }
    defer { close(descriptor) }
    guard setns(descriptor, Int32(CLONE_NEWNET)) == 0 else {
      throw ToolFailure(tool: path, reason: String(cString: strerror(errno)))
    }
  }

  private final class Body {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  /// Starts a detached thread; false, and nothing runs, when the system has no more of them.
  static func start(_ body: @escaping @Sendable () -> Void) -> Bool {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    defer { pthread_attr_destroy(&attributes) }
    var thread = pthread_t()
    let box = Unmanaged.passRetained(Body(body))
    let result = pthread_create(
      &thread, &attributes,
      { argument in
        guard let argument else { return nil }
        Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
        return nil
      }, box.toOpaque())
    if result != 0 { box.release() }
    return result == 0
  }
}
