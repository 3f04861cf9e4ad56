import ArgumentParser
import Controller
import KubernetesClient
import Logging
import Runner
import Serving

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
    LineLogHandler.bootstrap(level: self.process.logLevel, format: self.process.logFormat)
    let logger = Logger(label: "controller")
    let environment = ProcessOptions.environment
    let namespace = try self.process.resolvedNamespace()
    let secretName = self.mlSecretName ?? environment["METALLB_ML_SECRET_NAME"] ?? ""
    let options = ControllerOptions(
      namespace: namespace, legacyConfigMap: self.process.legacyConfigMap, podName: self.process.resolvedPodName,
      loadBalancerClass: self.lbClass.isEmpty ? nil : self.lbClass,
      unknownPool: self.unknownPool, webhookMode: self.webhooks.webhookMode,
      webhooks: try self.webhooks.options(tls: self.tls.profile()),
      memberlistSecret: secretName.isEmpty
        ? nil
        : ControllerOptions.MemberlistSecret(
          name: secretName, deployment: self.deployment ?? environment["METALLB_DEPLOYMENT"]),
      servers: try self.process.servers(
        of: "metallb-controller", healthHost: HTTPServer.Configuration.anyAddress, tls: self.tls))
    self.process.warnAboutWhatIsNotServed(logger)
    if self.webhooks.webhookHTTP2 {
      logger.info("webhooks are served over HTTP/1.1, which every API server speaks; --webhook-http2 has no effect")
    }
    let client = try self.process.client(agent: "controller", logger: logger)
    logger.info(
      "controller starting",
      metadata: [
        "version": .string(Version.current), "namespace": .string(namespace),
        "server": "\(client.configuration.server)",
      ])
    let dumpRequests = Inbox<Void>(capacity: 1)
    try await self.process.supervise(
      ControllerService(options: options, client: client, dumpRequests: dumpRequests, logger: logger), client: client,
      dumpRequests: dumpRequests, logger: logger)
  }
}

/// Flags of the admission webhooks.
struct WebhookOptions: ParsableArguments {
  @Option(help: "Whether webhooks are served (enabled, disabled), or nothing else is done (onlywebhook).")
  var webhookMode: ControllerOptions.WebhookMode = .enabled

  @Option(help: "The port of the webhooks.")
  var webhookPort = 9443

  @Option(help: "The secret with the webhooks' certificate.")
  var webhookSecret = "metallb-webhook-cert"

  @Flag(name: .customLong("webhook-http2"), help: "Accepted; webhooks are called over HTTP/1.1.")
  var webhookHTTP2 = false

  @Flag(help: "Do not make and renew the webhooks' certificate, but use the one in --cert-dir.")
  var disableCertRotation = false

  @Option(help: "Where tls.crt and tls.key of the webhooks are, if they are not made here; changes are followed.")
  var certDir = "/tmp/k8s-webhook-server/serving-certs"

  @Option(help: "The Service through which webhooks are called.")
  var certServiceName = "metallb-webhook-service"

  mutating func validate() throws {
    guard (1...65535).contains(self.webhookPort) else {
      throw ValidationError("--webhook-port \(self.webhookPort) is not a port: it lies between 1 and 65535.")
    }
    for (flag, value) in [
      ("--webhook-secret", self.webhookSecret), ("--cert-dir", self.certDir),
      ("--cert-service-name", self.certServiceName),
    ] where value.isEmpty {
      throw ValidationError("\(flag) must not be empty.")
    }
  }

  func options(tls: TLSProfile) -> ControllerOptions.Webhooks {
    ControllerOptions.Webhooks(
      port: self.webhookPort, secret: self.webhookSecret, service: self.certServiceName,
      certificateDirectory: self.disableCertRotation ? self.certDir : nil, tls: tls)
  }
}

extension ControllerOptions.WebhookMode: ExpressibleByArgument {}
extension ControllerOptions.UnknownPool: ExpressibleByArgument {}
