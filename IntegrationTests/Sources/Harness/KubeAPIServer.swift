import Foundation

/// A real kube-apiserver with etcd, started by Scripts/kube-apiserver: 1.20, or the one that METALLB_KUBE_APISERVER names.
package struct KubeAPIServer: Sendable {
  package let directory: String
  package var kubeconfig: String { "\(self.directory)/kubeconfig" }
  /// The controller's service account with what Deploy's RBAC objects allow it, and no more.
  package var controllerKubeconfig: String { "\(self.directory)/kubeconfig-controller" }
  /// The administrator by client certificate instead of a token.
  package var certificateKubeconfig: String { "\(self.directory)/kubeconfig-certificate" }

  @TaskLocal package static var current: KubeAPIServer?

  /// Starts one, hands it to `body` and stops it, whatever happens.
  package static func with(_ body: (KubeAPIServer) async throws -> Void) async throws {
    let server = KubeAPIServer(directory: Workspace.current.newDirectory("kube-apiserver").path)
    do {
      try await server.start()
      try await body(server)
    } catch {
      await server.stop()
      throw error
    }
    await server.stop()
  }

  package func start() async throws { try await self.script("start", within: .seconds(100)) }

  /// Kills kube-apiserver without a word; etcd keeps the objects.
  package func crash() async throws { try await self.script("crash") }

  /// Makes etcd forget its history, so that an old resourceVersion is gone for good.
  package func compact() async throws { try await self.script("compact") }

  /// Keeps what etcd holds for `restore`; both processes are started anew.
  package func save() async throws { try await self.script("save", within: .seconds(100)) }

  /// Puts etcd back to the state that was saved, as after a disaster.
  package func restore() async throws { try await self.script("restore", within: .seconds(100)) }

  private func stop() async {
    let script = ["stop", self.directory]
    await Task.detached { _ = try? await run([try Tool.script("kube-apiserver")] + script) }.value
  }

  private func script(_ verb: String, within limit: Duration = .seconds(30)) async throws {
    _ = try await run([try Tool.script("kube-apiserver"), verb, self.directory], within: limit).expectSuccess()
  }

  /// Namespace, resource definitions and RBAC objects, as a cluster's administrator installs them.
  package func install() async throws {
    let kubectl = Kubectl(.current, kubeconfig: self.kubeconfig)
    let deploy = Tool.repository.appendingPathComponent("Deploy").path
    try await kubectl("apply", "-f", "\(deploy)/native/namespace.yaml", "-f", "\(deploy)/native/rbac.yaml")
    // 1.20 knows no CEL rules: its schema of a schema refuses them, its storage drops them.
    try await kubectl("apply", "--validate=false", "-f", "\(deploy)/crds")
    try await kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=30s")
  }
}
