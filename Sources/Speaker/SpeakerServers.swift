import Balancer
import FoundationEssentials
import HostNetwork
import Logging
import Runner
import Serving

/// The HTTP servers of the speaker: health for the kubelet, metrics for Prometheus.
enum SpeakerServers {
  private static let plainText = "text/plain; charset=utf-8"

  static func all(
    _ options: SpeakerOptions, window: Window<SpeakerState>, tally: Tally, responder: LinkResponder, logger: Logger
  ) throws -> [HTTPServer] {
    var servers: [HTTPServer] = []
    if options.healthPort != 0 {
      servers.append(self.health(port: options.healthPort, logger: logger))
    }
    if options.metricsPort != 0 {
      servers.append(
        try self.metrics(options, window: window, tally: tally, responder: responder, logger: logger))
    }
    return servers
  }

  /// `/healthz` and `/readyz`: the process runs. Readiness waits for nothing, as with upstream; the speaker shares the
  /// node's network, and so its health is for the node alone.
  private static func health(port: Int, logger: Logger) -> HTTPServer {
    HTTPServer(Self.configuration(host: "127.0.0.1", port: port), logger: logger) { request, response in
      switch request.path {
      case "/healthz", "/readyz": try await response.respond(.ok, contentType: Self.plainText, text: "ok")
      default: try await response.respond(.notFound, contentType: Self.plainText, text: "not found\n")
      }
    }
  }

  /// `/metrics`, over TLS.
  private static func metrics(
    _ options: SpeakerOptions, window: Window<SpeakerState>, tally: Tally, responder: LinkResponder, logger: Logger
  ) throws -> HTTPServer {
    var configuration = Self.configuration(host: "0.0.0.0", port: options.metricsPort)
    configuration.tls = try self.identity(options).serverConfiguration()
    if options.requiresTLS13 { configuration.tls?.minimumTLSVersion = .tlsv13 }
    return HTTPServer(configuration, logger: logger) { request, response in
      guard request.path == "/metrics" else {
        try await response.respond(.notFound, contentType: Self.plainText, text: "not found\n")
        return
      }
      let counters = responder.counters()
      guard let page = await window.look({ SpeakerMetrics.page(of: $0, tally: tally, counters: counters) }) else {
        try await response.respond(.serviceUnavailable, contentType: Self.plainText, text: "stopping\n")
        return
      }
      try await response.respond(.ok, contentType: MetricsPage.contentType, text: page.text)
    }
  }

  private static func identity(_ options: SpeakerOptions) throws -> ServerIdentity {
    guard let directory = options.metricsCertificateDirectory else {
      return try CertificateAuthority(commonName: "metallb-speaker")
        .serverIdentity(dnsNames: ["metallb-speaker", "localhost"], addresses: [])
    }
    return ServerIdentity(
      certificatePEM: try String(contentsOfFile: "\(directory)/tls.crt", encoding: .utf8),
      privateKeyPEM: try String(contentsOfFile: "\(directory)/tls.key", encoding: .utf8))
  }

  private static func configuration(host: String, port: Int) -> HTTPServer.Configuration {
    var configuration = HTTPServer.Configuration(host: host, port: port)
    // A stop is a matter of less than a second; nobody waits longer for a page.
    configuration.gracePeriod = .milliseconds(300)
    return configuration
  }
}
