import ArgumentParser
import Lab
import Logging
import Runner
import ServiceLifecycle

/// `metallb lab apiserver`: the lab's API server alone, for anyone who wants to point a client at it. Needs no root.
struct LabAPIServerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apiserver",
    abstract: "Runs a Kubernetes API server without nodes or controllers, until interrupted.",
    discussion: """
      Writes a kubeconfig for it and prints one line when requests are answered. An address that starts with http:// is \
      served without TLS: then whoever can connect may do everything.
      """)

  @Option(help: "Where to listen: ADDRESS:PORT, [ADDRESS]:PORT or http://ADDRESS:PORT; port 0 takes a free one.")
  var listen = "127.0.0.1:0"

  @Option(help: "Where to write the kubeconfig.")
  var kubeconfig: String

  @Option(help: "A directory or file of CustomResourceDefinitions to install.")
  var crds: String?

  @Option(help: "The ranges of cluster IPs, one or one of each family, separated by commas.")
  var serviceCIDR = "10.96.0.0/16"

  @Option(help: "How much to log: \(LogLevel.allCases.map(\.rawValue).joined(separator: ", ")).")
  var logLevel = LogLevel.warn

  func run() async throws {
    guard let endpoint = APIEndpoint(self.listen) else {
      throw ValidationError("--listen \(self.listen): expected ADDRESS:PORT, optionally after http://")
    }
    guard let ranges = ServiceRangesText.parse(self.serviceCIDR) else {
      throw ValidationError("--service-cidr \(self.serviceCIDR): expected one CIDR, or one of each family")
    }
    LineLogHandler.bootstrap(level: self.logLevel)
    let logger = Logger(label: "apiserver")
    let cluster = try await StandaloneAPIServer(
      endpoint: endpoint, serviceRanges: ranges, manifests: self.crds, kubeconfigPath: self.kubeconfig, logger: logger
    ) { address in
      StandardOutput.line("serving at \(address), kubeconfig: \(self.kubeconfig)")
    }
    try await ServiceGroup(
      services: [cluster.server], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger
    ).run()
  }
}
