import Foundation

/// A controller with everything that it serves: health, metrics, webhooks, each on a port of its own; beside the lab's API
/// server.
package struct OperatedController: Sendable {
  package let controller: Controller
  package let kubectl: Kubectl
  package let healthPort: Int
  package let metricsPort: Int
  package let webhookPort: Int

  /// Starts both, waits until the webhooks show a certificate, and stops both at the end, whatever happens.
  package static func with(
    _ extra: [String] = [], body: (OperatedController) async throws -> Void
  ) async throws {
    try await LabAPIServer.with { server in
      let kubectl = Kubectl(.current, kubeconfig: server.kubeconfig)
      try await kubectl.apply(Manifest.namespace("metallb-system"))
      let ports = try (0..<3).map { _ in try WebhookInstallation.freePort() }
      let flags = [
        "--health-probe-port=\(ports[0])", "--port=\(ports[1])", "--webhook-mode=enabled", "--webhook-port=\(ports[2])",
      ]
      try await Controller.with(kubeconfig: server.kubeconfig, flags + extra) { controller in
        let operated = OperatedController(
          controller: controller, kubectl: kubectl, healthPort: ports[0], metricsPort: ports[1], webhookPort: ports[2])
        try await eventually("the webhooks show a certificate") {
          try await operated.ask(port: operated.webhookPort, "/").code
        } isRight: {
          $0 == 404
        }
        try await body(operated)
      }
    }
  }

  package var log: String { self.controller.log }

  /// How often the log says something.
  package func count(_ sentence: String) -> Int {
    self.log.components(separatedBy: sentence).count - 1
  }

  /// What curl gets: the HTTP code (0 = no answer within two seconds) and the text.
  package func ask(
    port: Int, _ path: String, isSecure: Bool = true, _ options: String..., within limit: Int = 2
  ) async throws -> (code: Int, text: String) {
    let output = try await run(
      [
        "curl", "--silent", "--insecure", "--max-time", "\(limit)", "--write-out", "\n%{http_code}",
        "\(isSecure ? "https" : "http")://127.0.0.1:\(port)\(path)",
      ] + options)
    let lines = output.out.split(separator: "\n", omittingEmptySubsequences: false)
    return (lines.last.flatMap { Int($0) } ?? 0, lines.dropLast().joined(separator: "\n"))
  }

  /// `ok`, or what speaks against it.
  package func health(_ path: String = "/healthz") async throws -> (code: Int, text: String) {
    try await self.ask(port: self.healthPort, path, isSecure: false)
  }

  /// A token that may read the metrics.
  package func scraperToken() async throws -> String {
    try await self.kubectl("create", "serviceaccount", "prometheus")
    try await self.kubectl("create", "clusterrole", "prometheus", "--verb=get", "--non-resource-url=/metrics")
    try await self.kubectl(
      "create", "clusterrolebinding", "prometheus", "--clusterrole=prometheus", "--serviceaccount=default:prometheus")
    return try await self.kubectl("create", "token", "prometheus").trimmingCharacters(in: .whitespacesAndNewlines)
  }

  package func scrape(token: String, within limit: Int = 2) async throws -> (code: Int, text: String) {
    try await self.ask(
      port: self.metricsPort, "/metrics", "--header", "Authorization: Bearer \(token)", within: limit)
  }

  /// A review of a pool, as the API server sends it; the answer is that of the webhook.
  package func review(within limit: Int = 2) async throws -> (code: Int, text: String) {
    let review =
      #"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","operation":"CREATE","#
      + #""kind":{"group":"metallb.io","version":"v1beta1","kind":"IPAddressPool"},"namespace":"metallb-system","name":"p","#
      + #""object":{"apiVersion":"metallb.io/v1beta1","kind":"IPAddressPool","metadata":{"name":"p","namespace":"metallb-system"},"#
      + #""spec":{"addresses":["192.0.2.0/28"]}}}}"#
    return try await self.ask(
      port: self.webhookPort, Self.reviewPath, "--header", "Content-Type: application/json", "--data-binary", review,
      within: limit)
  }

  package static let reviewPath = "/validate-metallb-io-v1beta1-ipaddresspool"

  /// The most memory that the process has had so far, in megabytes.
  package func peakMemory() throws -> Double {
    let status = try String(contentsOfFile: "/proc/\(self.controller.process.identifier)/status", encoding: .utf8)
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return (line.flatMap { Double($0.split(whereSeparator: { !$0.isNumber }).first ?? "") } ?? 0) / 1024
  }

  /// How many descriptors the process has open.
  package func descriptorCount() throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/\(self.controller.process.identifier)/fd").count
  }

  /// A client that nobody wants (Peers/hostile-client.py), left running.
  package static func hostile(_ arguments: String...) throws -> ChildProcess {
    let program = Tool.repository.appendingPathComponent("IntegrationTests/Peers/hostile-client.py").path
    return try ChildProcess(["python3", program] + arguments)
  }
}
