/// PyPI's `kubernetes`: a client that shares no code with kubectl or with us.
package struct PythonClient: Sendable {
  private let kubeconfig: String

  package init(kubeconfig: String) { self.kubeconfig = kubeconfig }

  /// Runs a program that finds `core` (CoreV1Api), `custom` (CustomObjectsApi) and `client` ready, and returns what it prints.
  @discardableResult
  package func callAsFunction(
    _ program: String, _ arguments: String..., within limit: Duration = .seconds(90)
  ) async throws -> String {
    try await self.start(program, arguments).output(within: limit).expectSuccess()
  }

  package func start(_ program: String, _ arguments: [String] = []) throws -> ChildProcess {
    let prelude = """
      import sys, threading, time
      from concurrent.futures import ThreadPoolExecutor
      from kubernetes import client, config, watch
      config.load_kube_config()
      core, custom = client.CoreV1Api(), client.CustomObjectsApi()

      """
    let file = try Workspace.current.file("program.py", prelude + program)
    return try ChildProcess(
      [try Tool.cached("python/bin/python"), file] + arguments, environment: ["KUBECONFIG": self.kubeconfig])
  }
}
