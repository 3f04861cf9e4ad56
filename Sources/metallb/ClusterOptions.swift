import ArgumentParser
import KubernetesClient
import KubernetesModel
import Logging

/// Which cluster a command looks at, as whom, and where MetalLB is in it.
struct ClusterOptions: ParsableArguments {
  @Option(
    help: "A kubeconfig; by default KUBECONFIG, the pod's service account, or ~/.kube/config.", completion: .file())
  var kubeconfig: String?

  @Option(
    help: "The context of the kubeconfig; by default its current one.",
    completion: .custom { words, _, _ in NameCompletion.contexts(words) })
  var context: String?

  @Option(help: "The cluster of the kubeconfig, in place of the context's.")
  var cluster: String?

  @Option(help: "The user of the kubeconfig, in place of the context's.")
  var user: String?

  @Option(name: .customLong("as"), help: "Whom to act as: a user, or system:serviceaccount:NAMESPACE:NAME.")
  var impersonated: String?

  @Option(name: .customLong("as-group"), parsing: .singleValue, help: "With --as, a group; may be given several times.")
  var impersonatedGroups: [String] = []

  @Option(
    name: .shortAndLong,
    help: "Where MetalLB and its configuration are; by default METALLB_NAMESPACE, else metallb-system.")
  var namespace: String?

  @Option(help: "The ConfigMap that MetalLB 0.8 to 0.12 was configured with; it counts where there are no objects.")
  var config = "config"

  mutating func validate() throws {
    if self.impersonated == nil, !self.impersonatedGroups.isEmpty {
      throw ValidationError("--as-group goes with --as: a group alone is nobody.")
    }
  }

  var resolvedNamespace: String {
    for candidate in [self.namespace, ProcessOptions.environment["METALLB_NAMESPACE"]] {
      if let candidate, !candidate.isEmpty { return candidate }
    }
    return "metallb-system"
  }

  /// How the API server is reached, and as whom.
  func configuration() throws(ConfigurationError) -> ClusterConfiguration {
    var configuration = try ClusterConfiguration.load(
      kubeconfig: self.kubeconfig, .init(context: self.context, cluster: self.cluster, user: self.user),
      environment: ProcessOptions.environment)
    if let impersonated {
      configuration.impersonation = Impersonation(user: impersonated, groups: self.impersonatedGroups)
    }
    return configuration
  }

  /// Hands a client to `body`, and closes it.
  func withClient<Result>(_ body: (KubernetesClient) async throws -> Result) async throws -> Result {
    var logger = Logger(label: "client")
    logger.logLevel = .critical
    let client = try KubernetesClient(self.configuration(), agent: "cli", logger: logger)
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

/// The name of a Service on the command line.
struct ServiceName: ExpressibleByArgument, Hashable {
  /// Nil = that of the kubeconfig's context.
  var namespace: String?
  var name: String

  /// Reads NAMESPACE/NAME or a name, as `svc/web` too.
  init?(argument: String) {
    var parts = argument.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    if parts.count > 1, ["svc", "service", "services"].contains(parts[0]) { parts.removeFirst() }
    guard parts.count <= 2, !parts.contains("") else { return nil }
    self.namespace = parts.count == 2 ? parts[0] : nil
    self.name = parts[parts.count - 1]
  }

  /// In the cluster that a client is of.
  func key(_ client: KubernetesClient) -> ObjectKey {
    ObjectKey(namespace: self.namespace ?? client.configuration.namespace ?? "default", name: self.name)
  }
}
