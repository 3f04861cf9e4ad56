import ArgumentParser
import Serving

/// Flags of the TLS that metrics and webhooks are served with.
struct TLSOptions: ParsableArguments {
  @Option(name: .customLong("tls-min-version"), help: "VersionTLS12 or VersionTLS13 (the default).")
  var minimumVersion = ""

  @Option(name: .customLong("tls-cipher-suites"), help: "Cipher suites of TLS 1.2, separated by commas.")
  var cipherSuites = ""

  @Option(name: .customLong("tls-curve-preferences"), help: "Numbers of curves, separated by commas.")
  var curvePreferences = ""

  @Option(help: "A directory with tls.crt and tls.key for the metrics; by default a certificate is made at the start.")
  var metricsCertDir = ""

  @Flag(help: "Serve the metrics over plain HTTP, to everybody, and ask the API server nothing.")
  var plainMetrics = false

  mutating func validate() throws {
    if self.plainMetrics, !self.metricsCertDir.isEmpty {
      throw ValidationError("--plain-metrics serves without TLS: leave out --metrics-cert-dir, or --plain-metrics.")
    }
    do {
      _ = try self.profile()
    } catch {
      throw ValidationError(error.description)
    }
  }

  /// How the metrics are served.
  var metricsSecurity: ProcessServers.MetricsSecurity {
    if self.plainMetrics { return .open }
    return .guarded(certificateDirectory: self.metricsCertDir.isEmpty ? nil : self.metricsCertDir)
  }

  /// What the flags say; they were looked at before the command runs.
  func profile() throws(TLSProfile.Refusal) -> TLSProfile {
    try TLSProfile(
      minimumVersion: self.minimumVersion, cipherSuites: self.cipherSuites, curvePreferences: self.curvePreferences)
  }
}
