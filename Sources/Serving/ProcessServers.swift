import Logging
import NIOHTTP1
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

  /// The servers that the settings ask for; `page` makes the metrics at the moment of a scrape, nil = the process stops.
  /// `isReady` is what `/readyz` says, `status` what `/status` does, `mayRead` who is shown the metrics.
  package static func all(
    _ settings: Settings, logger: Logger, isReady: @escaping @Sendable () -> Bool = { true },
    status: StatusEndpoint? = nil, mayRead: @escaping PageGuard, page: @escaping @Sendable () async -> MetricsPage?
  ) throws -> [any Service] {
    var servers: [any Service] = []
    if settings.healthPort != 0 {
      servers.append(self.health(settings, logger: logger, isReady, settings.servesStatus ? status : nil))
    }
    if settings.metricsPort != 0 { servers += try self.metrics(settings, logger: logger, mayRead: mayRead, page: page) }
    return servers
  }

  /// Serves `/status` alone, on the address on which the API server reaches the pod; nil = nowhere else than health.
  package static func status(_ settings: Settings, logger: Logger, _ endpoint: StatusEndpoint) -> HTTPServer? {
    guard settings.servesStatus, settings.healthPort != 0, let host = settings.statusHost, !host.isEmpty else {
      return nil
    }
    let configuration = Self.configuration(host: host, port: settings.healthPort)
    return HTTPServer(configuration, logger: logger) { request, response in
      guard request.path == StatusEndpoint.path else {
        try await response.respond(.notFound, contentType: Self.plainText, text: "not found\n")
        return
      }
      try await endpoint.respond(to: request, response)
    }
  }

  /// `/healthz`: the process runs; `/readyz`: it can be asked.
  private static func health(
    _ settings: Settings, logger: Logger, _ isReady: @escaping @Sendable () -> Bool, _ status: StatusEndpoint?
  ) -> HTTPServer {
    let configuration = Self.configuration(host: settings.healthHost, port: settings.healthPort)
    return HTTPServer(configuration, logger: logger) { request, response in
      switch request.path {
      case StatusEndpoint.path where status != nil: try await status?.respond(to: request, response)
      case "/readyz" where !isReady():
        try await response.respond(.internalServerError, contentType: Self.plainText, text: "not ready\n")
      case "/healthz", "/readyz": try await response.respond(.ok, contentType: Self.plainText, text: "ok")
      default: try await response.respond(.notFound, contentType: Self.plainText, text: "not found\n")
      }
    }
  }

  /// `/metrics`, and what keeps its certificate current.
  private static func metrics(
    _ settings: Settings, logger: Logger, mayRead: @escaping PageGuard,
    page: @escaping @Sendable () async -> MetricsPage?
  ) throws -> [any Service] {
    var configuration = Self.configuration(host: "0.0.0.0", port: settings.metricsPort)
    var services: [any Service] = []
    var access = mayRead
    switch settings.metricsSecurity {
    case .open: access = { _, _ in .granted }
    case .guarded(let directory):
      let tls = RenewableTLS(settings.tls)
      configuration.renewableTLS = tls
      if let directory {
        services.append(CertificateFiles(directory: directory, tls: tls, server: "the metrics", logger: logger))
      } else {
        try tls.use(
          CertificateAuthority(commonName: settings.process)
            .serverIdentity(dnsNames: [settings.process, "localhost"]))
      }
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
        guard let page = await page() else {
          try await response.respond(.serviceUnavailable, contentType: Self.plainText, text: "stopping\n")
          return
        }
        try await response.respond(.ok, contentType: MetricsPage.contentType, text: page.text)
      })
    return services
  }

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
    return configuration
  }
}

extension MetricsPage {
  /// Appends what both processes tell of the objects they watch (contract section 15).
  package mutating func appendClient(updates: Int, updateErrors: Int, isLoaded: Bool, isStale: Bool) {
    self.append(
      "metallb_k8s_client_updates_total", .counter, help: "Number of k8s object updates that have been processed.",
      Double(updates))
    self.append(
      "metallb_k8s_client_update_errors_total", .counter,
      help: "Number of k8s object updates that failed for some reason.", Double(updateErrors))
    self.append(
      "metallb_k8s_client_config_loaded_bool", .gauge,
      help: "1 if the configuration was successfully loaded at least once.", isLoaded ? 1 : 0)
    self.append(
      "metallb_k8s_client_config_stale_bool", .gauge,
      help: "1 if some of the latest objects are not valid and their last good form is in force.", isStale ? 1 : 0)
  }
}
