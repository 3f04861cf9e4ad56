import Logging
import NIOHTTP1
import Runner
import ServiceLifecycle

/// The HTTP servers that each of the two processes has: health for the kubelet, metrics for Prometheus (contract
/// section 1).
package enum ProcessServers {
  package struct Settings: Sendable, Hashable {
    /// What the certificate is made out to when none is given.
    package var process: String
    /// The address that health is served on; one that shares the node's network serves the node alone.
    package var healthHost: String
    /// 0 = not served.
    package var healthPort: Int
    /// Whether `/status` is served beside it.
    package var servesStatus = true
    /// A further address that `/status` alone is served on, where that of health is the node's own; nil = none.
    package var statusHost: String?
    /// 0 = not served.
    package var metricsPort: Int
    package var metricsSecurity: MetricsSecurity
    package var tls: TLSProfile

    package init(
      process: String, healthHost: String, healthPort: Int, metricsPort: Int, metricsSecurity: MetricsSecurity,
      tls: TLSProfile
    ) {
      self.process = process
      self.healthHost = healthHost
      self.healthPort = healthPort
      self.metricsPort = metricsPort
      self.metricsSecurity = metricsSecurity
      self.tls = tls
    }
  }

  /// How `/metrics` is served.
  package enum MetricsSecurity: Sendable, Hashable {
    /// Over HTTPS, to whom the API server allows it, with the certificate of a directory with `tls.crt` and `tls.key`;
    /// nil = with one made at the start.
    case guarded(certificateDirectory: String?)
    /// Over plain HTTP, to everybody.
    case open
  }

  private static let plainText = "text/plain; charset=utf-8"

  /// How many clients each server has at a time: the kubelet, some Prometheuses, people.
  private static let maximumConnections = 64

  /// What the two processes have to say, each for itself.
  package struct Content: Sendable {
    package var health: HealthChecks
    package var status: StatusEndpoint?
    /// Who is shown the metrics.
    package var mayRead: PageGuard
    /// Whose certificates are shown beside that of the metrics.
    package var certificates: [(use: String, tls: RenewableTLS)] = []
    /// Makes the metrics at the moment of a scrape; nil = the process stops.
    package var page: @Sendable () async -> MetricsPage?

    package init(
      health: HealthChecks, status: StatusEndpoint?, mayRead: @escaping PageGuard,
      certificates: [(use: String, tls: RenewableTLS)] = [], page: @escaping @Sendable () async -> MetricsPage?
    ) {
      self.health = health
      self.status = status
      self.mayRead = mayRead
      self.certificates = certificates
      self.page = page
    }
  }

  /// The servers that the settings ask for.
  package static func all(_ settings: Settings, logger: Logger, _ content: Content) throws -> [any Service] {
    var servers: [any Service] = []
    if settings.healthPort != 0 {
      servers.append(
        self.health(settings, logger: logger, content.health, settings.servesStatus ? content.status : nil))
    }
    if settings.metricsPort != 0 { servers += try self.metrics(settings, logger: logger, content) }
    return servers
  }

  /// Serves `/status` alone, on the address on which the API server reaches the pod; nil = nowhere else than health.
  package static func status(_ settings: Settings, logger: Logger, _ endpoint: StatusEndpoint) -> HTTPServer? {
    guard settings.servesStatus, settings.healthPort != 0, let host = settings.statusHost, !host.isEmpty else {
      return nil
    }
    let configuration = Self.configuration(host: host, port: settings.healthPort)
    return HTTPServer(configuration, logger: logger) { request, response in
      guard endpoint.serves(request.path) else {
        try await response.respond(.notFound, contentType: Self.plainText, text: "not found\n")
        return
      }
      try await endpoint.respond(to: request, response)
    }
  }

  /// `/healthz`: the loops of the process turn; `/readyz`: it can do its work.
  private static func health(
    _ settings: Settings, logger: Logger, _ health: HealthChecks, _ status: StatusEndpoint?
  ) -> HTTPServer {
    let configuration = Self.configuration(host: settings.healthHost, port: settings.healthPort)
    return HTTPServer(configuration, logger: logger) { request, response in
      switch request.path {
      case "/healthz": try await Self.answer(health.stalls(), "alive", response)
      case "/readyz": try await Self.answer(health.stalls() + (await health.awaited()), "ready", response)
      case let path where status?.serves(path) == true: try await status?.respond(to: request, response)
      default: try await response.respond(.notFound, contentType: Self.plainText, text: "not found\n")
      }
    }
  }

  /// `ok`, or what speaks against it.
  private static func answer(_ objections: [String], _ virtue: String, _ response: HTTPResponseWriter) async throws {
    guard !objections.isEmpty else { return try await response.respond(.ok, contentType: Self.plainText, text: "ok") }
    try await response.respond(
      .internalServerError, contentType: Self.plainText,
      text: "not \(virtue): \(objections.joined(separator: "; "))\n")
  }

  /// `/metrics`, and what keeps its certificate current.
  private static func metrics(_ settings: Settings, logger: Logger, _ content: Content) throws -> [any Service] {
    var configuration = Self.configuration(host: HTTPServer.Configuration.anyAddress, port: settings.metricsPort)
    var services: [any Service] = []
    var access = content.mayRead
    var certificates = content.certificates
    switch settings.metricsSecurity {
    case .open: access = { _, _ in .granted }
    case .guarded(let directory):
      let tls = RenewableTLS(settings.tls)
      configuration.renewableTLS = tls
      certificates.append((use: "metrics", tls: tls))
      if let directory {
        services.append(CertificateFiles(directory: directory, tls: tls, server: "the metrics", logger: logger))
      } else {
        try tls.use(
          CertificateAuthority(commonName: settings.process, lifetime: Self.lifetimeOfOwnCertificate)
            .serverIdentity(dnsNames: [settings.process, "localhost"]))
      }
    }
    let page = SharedPage { [certificates] in
      guard var page = await content.page() else { return nil }
      page.appendBuild(of: settings.process)
      page.appendCertificates(certificates)
      if let reading = ProcessReading.current() { page.appendProcess(reading) }
      return page.text
    }
    services.append(
      HTTPServer(configuration, logger: logger) { [access] request, response in
        guard request.path == "/metrics" else {
          try await response.respond(.notFound, contentType: Self.plainText, text: "not found\n")
          return
        }
        if let (status, text) = Self.refusal(of: await access(request.bearerToken, request.path)) {
          try await response.respond(status, contentType: Self.plainText, text: text + "\n")
          return
        }
        guard let text = await page.text() else {
          try await response.respond(.serviceUnavailable, contentType: Self.plainText, text: "stopping\n")
          return
        }
        try await response.respond(.ok, contentType: MetricsPage.contentType, text: text)
      })
    return services
  }

  /// A certificate that nobody can check is as good as it was on its first day; it must outlive the process.
  private static let lifetimeOfOwnCertificate = Duration.seconds(10 * 365 * 86_400)

  /// What somebody is told who may not read, in upstream's words; nil = may read.
  private static func refusal(of access: PageAccess) -> (HTTPResponseStatus, String)? {
    switch access {
    case .granted: nil
    case .unauthenticated: (.unauthorized, "Unauthorized")
    case .forbidden(let user): (.forbidden, "Authorization denied for user \(user)")
    case .undecided: (.internalServerError, "Authentication failed")
    }
  }

  private static func configuration(host: String, port: Int) -> HTTPServer.Configuration {
    var configuration = HTTPServer.Configuration(host: host, port: port)
    // A stop is a matter of less than a second; nobody waits longer for a page.
    configuration.gracePeriod = .milliseconds(300)
    configuration.maximumConnections = Self.maximumConnections
    return configuration
  }
}

extension MetricsPage {
  /// Appends which release of the product this is.
  mutating func appendBuild(of process: String) {
    self.append(
      "metallb_build_info", .gauge,
      help: "1, with the release of this process and that of MetalLB whose behaviour it keeps.",
      [
        Sample(
          1, labels: ["compatible": Version.compatible, "process": process, "version": Version.current])
      ])
  }

  /// Appends what both processes tell of the objects they watch (contract section 15).
  ///
  /// Stale means here that some object is not valid and its last good form is in force, while all others are loaded.
  package mutating func appendClient(updates: Int, updateErrors: Int, isLoaded: Bool, isStale: Bool) {
    self.append(
      "metallb_k8s_client_updates_total", .counter, help: "Number of k8s object updates that have been processed.",
      Double(updates))
    self.append(
      "metallb_k8s_client_update_errors_total", .counter,
      help: "Number of k8s object updates that failed for some reason.", Double(updateErrors))
    self.append(
      "metallb_k8s_client_config_loaded_bool", .gauge,
      help: "1 if the MetalLB configuration was successfully loaded at least once.", isLoaded ? 1 : 0)
    self.append(
      "metallb_k8s_client_config_stale_bool", .gauge,
      help: "1 if running on a stale configuration, because the latest config failed to load.", isStale ? 1 : 0)
  }
}
