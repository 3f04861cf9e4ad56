import Foundation
import Synchronization

/// A daemon of a test that may be killed and started again.
package final class RestartableProcess: Sendable {
  private let host: NetworkHost
  private let command: [String]
  private let environment: [String: String]
  private let state: Mutex<ChildProcess>

  package init(on host: NetworkHost, _ command: [String], environment: [String: String] = [:]) throws {
    self.host = host
    self.command = command
    self.environment = environment
    self.state = Mutex(try host.start(command, environment: environment))
  }

  package var current: ChildProcess { self.state.withLock { $0 } }

  package func signal(_ number: Int32) { self.current.signal(number) }

  /// Starts it again; the one before has ended, or is killed.
  package func restart() async throws {
    self.signal(SIGKILL)
    await self.current.stop()
    let next = try self.host.start(self.command, environment: self.environment)
    self.state.withLock { $0 = next }
  }
}
