import ArgumentParser
import Glibc
import KubernetesClient
import Logging
import Runner
import Serving
import ServiceLifecycle
import UnixSignals

/// Flags that controller and speaker have in common, and how either process starts and stops.
struct ProcessOptions: ParsableArguments {
  @Option(help: "The port of the metrics; 0 = none.")
  var port = 9120

  @Option(help: "Where pools and secrets are; by default METALLB_NAMESPACE, or the pod's own.")
  var namespace: String?

  @Option(
    help:
      "The ConfigMap that MetalLB 0.8 to 0.12 was configured with; it counts where there are no objects; empty = none."
  )
  var config = "config"

  @Option(help: "How much to say: all, debug, info, warn, error or none.")
  var logLevel: LogLevel = .info

  @Option(help: "How the lines of the log are written: json or logfmt.")
  var logFormat: LogFormat = .json

  @Option(help: "Accepted; there is no profile to serve.")
  var pprofBindAddress = ""

  @Option(help: "The port of /healthz and /readyz; 0 = none.")
  var healthProbePort = 17472

  @Flag(
    inversion: .prefixedNo,
    help: "Whether /status is served on that port, for metallb status; it tells no secrets, and only who can read pods."
  )
  var status = true

  @Option(help: "The name of the own pod, which owns what goes with it; by default METALLB_POD_NAME.")
  var podName: String?

  @Option(help: "A kubeconfig; by default KUBECONFIG, the pod's service account, or ~/.kube/config.")
  var kubeconfig: String?

  @Option(name: .customLong("context"), help: "The context of the kubeconfig; by default its current one.")
  var context: String?

  mutating func validate() throws {
    for (name, port) in [("--port", self.port), ("--health-probe-port", self.healthProbePort)]
    where !(0...65535).contains(port) {
      throw ValidationError("\(name) \(port) is not a port: it lies between 0 and 65535.")
    }
  }

  /// The environment of the process.
  static var environment: [String: String] {
    var variables: [String: String] = [:]
    var entry = environ
    while let text = entry.pointee {
      let parts = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
      entry += 1
    }
    return variables
  }

  /// The namespace of the product: flag, environment, service account.
  func resolvedNamespace() throws -> String {
    let environment = Self.environment
    for candidate in [self.namespace, environment["METALLB_NAMESPACE"], ClusterConfiguration.podNamespace()] {
      if let candidate, !candidate.isEmpty { return candidate }
    }
    throw ValidationError(
      "The namespace is not known: pass --namespace, set METALLB_NAMESPACE, or run in a pod with a service account.")
  }

  /// The own pod's name: flag, environment; nil = not known.
  var resolvedPodName: String? {
    [self.podName, Self.environment["METALLB_POD_NAME"]].compactMap { $0 }.first { !$0.isEmpty }
  }

  /// The ConfigMap that stands in for objects; nil = none.
  var legacyConfigMap: String? { self.config.isEmpty ? nil : self.config }

  func client(agent: String, logger: Logger) throws -> KubernetesClient {
    let configuration = try ClusterConfiguration.load(
      kubeconfig: self.kubeconfig, context: self.context, environment: Self.environment)
    return try KubernetesClient(configuration, agent: agent, logger: logger)
  }

  /// Tells of settings that upstream knows and that have no effect here.
  func warnAboutWhatIsNotServed(_ logger: Logger) {
    if !self.pprofBindAddress.isEmpty {
      logger.warning("--pprof-bind-address has no effect: there is no profile to serve")
    }
    let type = Self.environment["METALLB_BGP_TYPE"] ?? ""
    switch type {
    case "", "native": break
    case "frr", "frr-k8s":
      logger.warning("METALLB_BGP_TYPE means native BGP here", metadata: ["value": .string(type)])
    default:
      logger.warning(
        "METALLB_BGP_TYPE is not known; it means native BGP here", metadata: ["value": .string(type)])
    }
  }

  /// Runs the service until SIGTERM or SIGINT, then lets it end: it has some seconds for its last words. SIGUSR1 asks for
  /// its last decisions.
  func supervise(
    _ service: some Service, client: KubernetesClient, dumpRequests: Inbox<Void>, logger: Logger
  ) async throws {
    DescriptorLimit.raise()
    var quiet = logger
    quiet.logLevel = max(logger.logLevel, .warning)
    var configuration = ServiceGroupConfiguration(
      services: [
        .init(service: OperatorSignals(dumpRequests: dumpRequests, logger: logger)),
        .init(service: service, successTerminationBehavior: .gracefullyShutdownGroup),
      ],
      gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet)
    configuration.maximumGracefulShutdownDuration = .seconds(6)
    configuration.maximumCancellationDuration = .seconds(1)
    do {
      try await ServiceGroup(configuration: configuration).run()
    } catch {
      logger.error("the process cannot go on", metadata: ["reason": "\(error)"])
      await client.shutdown()
      throw ExitCode.failure
    }
    await client.shutdown()
    logger.info("stopped")
  }
}

extension LogLevel: ExpressibleByArgument {}
extension LogFormat: ExpressibleByArgument {}

extension ProcessOptions {
  /// Where the process serves its health and its metrics.
  /// `statusHost` = where the API server reaches the pod, if health is not served there.
  func servers(
    of process: String, healthHost: String, statusHost: String? = nil, tls: TLSOptions
  ) throws -> ProcessServers.Settings {
    var settings = ProcessServers.Settings(
      process: process, healthHost: healthHost, healthPort: self.healthProbePort, metricsPort: self.port,
      metricsSecurity: tls.metricsSecurity,
      tls: try tls.profile())
    settings.servesStatus = self.status
    settings.statusHost = statusHost
    return settings
  }
}
