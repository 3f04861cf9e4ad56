/// A controller as an operator runs it outside a cluster.
package struct Controller: Sendable {
  package let process: ChildProcess

  /// Starts one and waits until it says that it works; stops it at the end, whatever happens.
  package static func with(
    kubeconfig: String, _ extra: [String] = [], body: (Controller) async throws -> Void
  ) async throws {
    let controller = try Controller(kubeconfig: kubeconfig, extra)
    do {
      try await body(controller)
    } catch {
      await controller.process.stop()
      throw HarnessError.notReady("\(error)\nthe controller's log:\n\(controller.log.suffix(3000))")
    }
    let code = await controller.process.stop()
    guard code == 0 else { throw HarnessError.notReady("the controller ended with \(code ?? -1) on SIGTERM") }
  }

  package init(kubeconfig: String, _ extra: [String] = []) throws {
    let arguments = [
      try Tool.metallb(), "controller", "--kubeconfig", kubeconfig, "--port=0", "--health-probe-port=0",
      "--webhook-mode=disabled", "--namespace=metallb-system", "--log-level=debug",
    ]
    self.process = try ChildProcess(arguments + extra)
  }

  /// Its log, on whichever stream it writes it.
  package var log: String { self.process.standardOutput + self.process.standardError }
}
