import Foundation

/// A real Prometheus on the first node of a lab, with the alerts of Deploy: it scrapes every process as one in the cluster
/// would, every second, and waits for no alert longer than that.
package struct Prometheus: Sendable {
  private static let port = 19090

  private let lab: Lab
  private let process: ChildProcess

  /// Starts one; `extra` are further targets, as `address:port`.
  package static func with(_ lab: Lab, extra: [String] = [], _ body: (Prometheus) async throws -> Void) async throws {
    let directory = Workspace.current.newDirectory("prometheus")
    let alerts = try String(
      contentsOf: Tool.repository.appendingPathComponent("Deploy/monitoring/alerts.yaml"), encoding: .utf8)
    let hasty = alerts.replacing(/for: [0-9]+[mh]/, with: "for: 1s")
    guard hasty != alerts else { throw HarnessError.notReady("alerts.yaml is not as this test knows it") }
    try hasty.write(to: directory.appendingPathComponent("alerts.yaml"), atomically: false, encoding: .utf8)
    try await lab.scraperToken().write(
      to: directory.appendingPathComponent("token"), atomically: false, encoding: .utf8)
    let pods = try await lab.kubectl(
      "get", "pods", "--namespace", "metallb-system", "--selector", "app=metallb", "--output",
      "jsonpath={range .items[*]}{.status.podIP} {end}")
    let targets = pods.split(separator: " ").map { "\($0):9120" } + extra
    try """
    global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}
    rule_files: [alerts.yaml]
    scrape_configs:
      - job_name: metallb
        scheme: https
        tls_config: {insecure_skip_verify: true}
        authorization: {credentials_file: token}
        static_configs: [{targets: [\(targets.map { "\"\($0)\"" }.joined(separator: ", "))]}]
    """.write(to: directory.appendingPathComponent("prometheus.yml"), atomically: false, encoding: .utf8)
    let prometheus = Prometheus(
      lab: lab,
      process: try lab.start(
        "node-1", try Tool.cached("bin/prometheus"), "--config.file=\(directory.path)/prometheus.yml",
        "--storage.tsdb.path=\(directory.path)/data", "--web.listen-address=127.0.0.1:\(Self.port)",
        "--log.level=warn"))
    do {
      try await eventually("Prometheus is ready") {
        try await prometheus.ask("/-/ready")
      } isRight: {
        $0.contains("Ready")
      }
      try await body(prometheus)
    } catch {
      await prometheus.process.stop()
      throw error
    }
    await prometheus.process.stop()
  }

  private func ask(_ path: String) async throws -> String {
    try await self.lab.exec(
      "node-1", "curl", "--silent", "--fail", "--globoff", "--max-time", "3", "http://127.0.0.1:\(Self.port)\(path)"
    ).expectSuccess()
  }

  private struct Answer<Content: Decodable>: Decodable {
    let data: Content
  }

  private struct Alerts: Decodable {
    struct Alert: Decodable {
      let labels: [String: String]
      let state: String
    }
    let alerts: [Alert]
  }

  private struct Targets: Decodable {
    struct Target: Decodable {
      let health: String
      let lastError: String
    }
    let activeTargets: [Target]
  }

  /// The names of the alerts that fire now.
  package func firing() async throws -> Set<String> {
    let answer = try JSONDecoder().decode(Answer<Alerts>.self, from: Data(try await self.ask("/api/v1/alerts").utf8))
    return Set(answer.data.alerts.filter { $0.state == "firing" }.compactMap { $0.labels["alertname"] })
  }

  /// Why processes cannot be scraped; empty = they all can.
  package func failures() async throws -> [String] {
    let answer = try JSONDecoder().decode(Answer<Targets>.self, from: Data(try await self.ask("/api/v1/targets").utf8))
    guard !answer.data.activeTargets.isEmpty else { return ["no targets yet"] }
    return answer.data.activeTargets.filter { $0.health != "up" }.map { "\($0.health) \($0.lastError)" }
  }

  /// Waits until an alert fires.
  package func awaitAlert(_ name: String, within limit: Duration = .seconds(15)) async throws {
    try await eventually("\(name) fires", within: limit, every: .milliseconds(300)) {
      try await self.firing()
    } isRight: {
      $0.contains(name)
    }
  }
}
