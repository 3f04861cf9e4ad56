import ArgumentParser
import Controller
import KubernetesClient
import Logging
import Runner

/// `metallb controller`: allocates addresses; one runs per cluster. Flags and environment are upstream's.
struct ControllerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "controller",
    abstract: "Gives Services of type LoadBalancer their addresses; one runs per cluster.",
    discussion: """
      Flags may be written with one dash or two, as MetalLB's own. Where a flag is not given, the environment counts: \
      METALLB_NAMESPACE, METALLB_ML_SECRET_NAME, METALLB_DEPLOYMENT, METALLB_POD_NAME, METALLB_BGP_TYPE.
      """)

  @OptionGroup var process: ProcessOptions
  @OptionGroup var tls: TLSOptions
  @OptionGroup var webhooks: WebhookOptions

  @Option(help: "The secret of the speakers' gossip, created if it is missing; empty = not created.")
  var mlSecretName: String?

  @Option(help: "The Deployment of the controller, which owns that secret.")
  var deployment: String?

  @Option(help: "Only Services of this class are served; empty = only those without a class.")
  var lbClass = ""

  @Option(help: "What becomes of a Service that asks for a pool that does not exist: allocate or fail.")
  var unknownPool: ControllerOptions.UnknownPool = .allocate

  func run() async throws {
    JSONLinesLogHandler.bootstrap(level: self.process.logLevel)
    let logger = Logger(label: "controller")
    let environment = ProcessOptions.environment
    let namespace = try self.process.resolvedNamespace()
    let secretName = self.mlSecretName ?? environment["METALLB_ML_SECRET_NAME"] ?? ""
    let options = ControllerOptions(
      namespace: namespace, podName: self.process.resolvedPodName,
      loadBalancerClass: self.lbClass.isEmpty ? nil : self.lbClass,
      unknownPool: self.unknownPool, webhookMode: self.webhooks.webhookMode,
      memberlistSecret: secretName.isEmpty
        ? nil
        : ControllerOptions.MemberlistSecret(
          name: secretName, deployment: self.deployment ?? environment["METALLB_DEPLOYMENT"]),
      servers: self.process.servers(of: "metallb-controller", healthHost: "0.0.0.0", tls: self.tls))
    self.process.warnAboutWhatIsNotServed(logger)
    if self.webhooks.webhookMode != .disabled {
      logger.info("webhooks are not served; objects are validated when they are read")
    }
    let client = try self.process.client(agent: "controller", logger: logger)
    logger.info(
      "controller starting",
      metadata: [
        "version": .string(Version.current), "namespace": .string(namespace),
        "server": "\(client.configuration.server)",
      ])
    try await self.process.supervise(
      ControllerService(options: options, client: client, logger: logger), client: client, logger: logger)
  }
}

/// Flags of the admission webhooks.
struct WebhookOptions: ParsableArguments {
  @Option(help: "Whether webhooks are served (enabled, disabled), or nothing else is done (onlywebhook).")
  var webhookMode: ControllerOptions.WebhookMode = .enabled

  @Option(help: "The secret with the webhooks' certificate.")
  var webhookSecret = "metallb-webhook-cert"

  @Flag(name: .customLong("webhook-http2"), help: "Let webhooks be called over HTTP/2.")
  var webhookHTTP2 = false

  @Flag(help: "Do not make and renew the webhooks' certificate.")
  var disableCertRotation = false

  @Option(help: "Where the webhooks' certificate is.")
  var certDir = "/tmp/k8s-webhook-server/serving-certs"

  @Option(help: "The Service through which webhooks are called.")
  var certServiceName = "metallb-webhook-service"
}

extension ControllerOptions.WebhookMode: ExpressibleByArgument {}
extension ControllerOptions.UnknownPool: ExpressibleByArgument {}
