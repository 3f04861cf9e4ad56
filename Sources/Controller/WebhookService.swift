import Balancer
import KubernetesClient
import Logging
import Runner
import Serving

/// The webhooks of one controller: their HTTPS server, the objects that reviews look at, and the certificate.
///
///     API server ──HTTPS──▶ HTTPServer ──▶ WebhookEndpoint ──▶ Admission (pure)
///                               ▲                 └──── AdmissionCache ◀── Watchers
///     Secret ──▶ CertificateKeeper ──▶ RenewableTLS       (or CertificateFiles, where certificates come from elsewhere)
///                      └──▶ ValidatingWebhookConfiguration, CustomResourceDefinition
///
/// All replicas serve. Whatever fails in here, but for the port, leaves the rest of the controller alone: objects are
/// validated again when they are read.
struct WebhookService: Sendable {
  let options: ControllerOptions.Webhooks
  let namespace: String
  let client: KubernetesClient
  /// The certificate that is shown, once there is one.
  let tls: RenewableTLS
  let readiness: WebhookReadiness
  let logger: Logger

  /// Runs until the task is cancelled; throws when the port cannot be had.
  func run() async throws {
    let tls = self.tls
    let cache = AdmissionCache(client: self.client, namespace: self.namespace, logger: self.logger)
    let endpoint = WebhookEndpoint(
      admission: Admission(namespace: self.namespace), existing: { cache.objects() },
      newest: { await cache.newestObjects(of: $0) }, logger: self.logger)
    var configuration = HTTPServer.Configuration(host: HTTPServer.Configuration.anyAddress, port: self.options.port)
    configuration.renewableTLS = tls
    configuration.maximumConnections = 128
    configuration.maximumBodyBytes = WebhookEndpoint.largestBody
    // Twice the largest; what a body is decoded to is several times larger.
    configuration.maximumBufferedBytes = 2 * WebhookEndpoint.largestBody
    configuration.gracePeriod = .milliseconds(300)
    let server = HTTPServer(configuration, logger: self.logger, handler: endpoint.handle)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await server.run() }
      group.addTask { await cache.run() }
      group.addTask {
        if let directory = self.options.certificateDirectory {
          await CertificateFiles(
            directory: directory, tls: tls, server: "the webhooks", logger: self.logger,
            onUse: self.readiness.serve
          ).run()
        } else {
          await self.keeper(tls).run()
        }
      }
      try await group.waitForAllOrFailure()
    }
  }

  private func keeper(_ tls: RenewableTLS) -> CertificateKeeper {
    CertificateKeeper(
      client: self.client, secret: .init(namespace: self.namespace, name: self.options.secret),
      policy: CertificatePolicy(name: "\(self.options.service).\(self.namespace).svc"), tls: tls,
      readiness: self.readiness,
      logger: self.logger)
  }
}
