import Foundation

/// `metallb lab apiserver`: the lab's API server alone, as anyone may run it without root.
package struct LabAPIServer: Sendable {
  package let process: ChildProcess
  package let kubeconfig: String

  package init(_ extra: [String] = [], listen: String = "127.0.0.1:0") async throws {
    let kubeconfig = Workspace.current.newDirectory("lab-apiserver").appendingPathComponent("kubeconfig").path
    let definitions = Tool.repository.appendingPathComponent("Deploy/crds").path
    let process = try ChildProcess(
      [try Tool.metallb(), "lab", "apiserver", "--listen", listen, "--kubeconfig", kubeconfig, "--crds", definitions]
        + extra)
    self.process = process
    self.kubeconfig = kubeconfig
    let kubectl = Kubectl(.current, kubeconfig: kubeconfig)
    do {
      try await eventually("the lab's API server is ready", within: .seconds(15)) {
        guard process.isRunning else { return "ended: \(process.standardError)" }
        return try await kubectl("get", "--raw", "/readyz")
      } isRight: {
        $0 == "ok"
      }
    } catch {
      await process.stop()
      throw HarnessError.notReady(
        "\(error)\n\(process.standardOutput.suffix(1000))\(process.standardError.suffix(2000))")
    }
  }

  /// Starts one, hands it to `body` and stops it, whatever happens.
  package static func with(_ extra: [String] = [], _ body: (LabAPIServer) async throws -> Void) async throws {
    let server = try await LabAPIServer(extra)
    do {
      try await body(server)
    } catch {
      await server.process.stop()
      throw error
    }
    await server.process.stop()
  }
}
