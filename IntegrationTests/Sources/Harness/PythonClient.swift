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

  /// Removes all pools, and all Services and events of the default namespace: faster than kubectl, which waits for each.
  package func clear() async throws {
    try await self(
      """
      pools = ('metallb.io', 'v1beta1', 'metallb-system', 'ipaddresspools')
      with ThreadPoolExecutor(8) as hands:
          list(hands.map(lambda name: core.delete_namespaced_service(name, 'default'),
              [item.metadata.name for item in core.list_namespaced_service('default').items if item.metadata.name != 'kubernetes']))
          list(hands.map(lambda name: core.delete_namespaced_event(name, 'default'),
              [item.metadata.name for item in core.list_namespaced_event('default').items]))
          list(hands.map(lambda name: custom.delete_namespaced_custom_object(*pools, name),
              [item['metadata']['name'] for item in custom.list_namespaced_custom_object(*pools)['items']]))
      """)
  }

  package func start(_ program: String, _ arguments: [String] = []) throws -> ChildProcess {
    try ChildProcess(
      [try Tool.cached("python/bin/python"), try Self.file(program)] + arguments,
      environment: ["KUBECONFIG": self.kubeconfig])
  }

  /// A program with what it finds ready.
  static func file(_ program: String) throws -> String {
    let prelude = """
      import sys, threading, time
      from concurrent.futures import ThreadPoolExecutor
      from kubernetes import client, config, watch
      config.load_kube_config()
      core, custom = client.CoreV1Api(), client.CustomObjectsApi()

      """
    return try Workspace.current.file("program.py", prelude + program)
  }
}
