import Foundation

/// How much longer than usual things may take: the processor may be one that QEMU imitates (METALLB_TEST_PATIENCE).
package enum Patience {
  package static let factor: Int = {
    let given = ProcessInfo.processInfo.environment["METALLB_TEST_PATIENCE"].flatMap { Int($0) }
    return max(1, given ?? 1)
  }()

  /// A limit for this machine.
  static func limit(_ usual: Duration) -> Duration { usual * self.factor }
}
