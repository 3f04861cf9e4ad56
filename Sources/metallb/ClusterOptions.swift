import ArgumentParser
import KubernetesClient
import Logging

/// Which cluster a command looks at, and where MetalLB is in it.
struct ClusterOptions: ParsableArguments {
  @Option(help: "A kubeconfig; by default KUBECONFIG, the pod's service account, or ~/.kube/config.")
  var kubeconfig: String?

  @Option(help: "The context of the kubeconfig; by default its current one.")
  var context: String?

  @Option(
    name: .shortAndLong,
    help: "Where MetalLB and its configuration are; by default METALLB_NAMESPACE, else metallb-system.")
  var namespace: String?

  @Option(help: "The ConfigMap that MetalLB 0.8 to 0.12 was configured with; it counts where there are no objects.")
  var config = "config"

  var resolvedNamespace: String {
    for candidate in [self.namespace, ProcessOptions.environment["METALLB_NAMESPACE"]] {
      if let candidate, !candidate.isEmpty { return candidate }
    }
    return "metallb-system"
  }

  /// Hands a client to `body`, and closes it.
  func withClient<Result>(_ body: (KubernetesClient) async throws -> Result) async throws -> Result {
    var logger = Logger(label: "client")
    logger.logLevel = .critical
    let configuration = try ClusterConfiguration.load(
      kubeconfig: self.kubeconfig, context: self.context, environment: ProcessOptions.environment)
    let client = try KubernetesClient(configuration, agent: "cli", logger: logger)
    do {
      let result = try await body(client)
      await client.shutdown()
      return result
    } catch {
      await client.shutdown()
      throw error
    }
  }
}
