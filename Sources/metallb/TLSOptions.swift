import ArgumentParser

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

  var requiresTLS13: Bool { self.minimumVersion != "VersionTLS12" }

  mutating func validate() throws {
    guard ["", "VersionTLS12", "VersionTLS13"].contains(self.minimumVersion) else {
      throw ValidationError(
        "--tls-min-version \"\(self.minimumVersion)\" is not known: use VersionTLS12 or VersionTLS13.")
    }
    if self.requiresTLS13 && !self.cipherSuites.isEmpty {
      throw ValidationError("cipher suites cannot be configured with TLS 1.3")
    }
    for curve in self.curvePreferences.split(separator: ",") where UInt16(curve) == nil {
      throw ValidationError("--tls-curve-preferences: \"\(curve)\" is not the number of a curve.")
    }
  }
}
