import Foundation
import Harness
import Testing

extension Everything.Aside.Tours {
  /// The Grafana dashboard: each of its queries is asked of a real Prometheus that scrapes a cluster in which things happen.
  @Suite(.lab(nodes: 2, routers: 1), .timeLimit(.minutes(4)))
  struct GrafanaDashboardTests {
    private static let nodes = ["198.18.0.11", "198.18.0.12"]
    /// What has not happened here has no series, as a rule: of these, Prometheus need only understand the queries.
    private static let rare = [
      "metallb_k8s_client_update_errors_total", "metallb_bfd_session_up == 0", "metallb_layer2_watched_node_up) == 0",
    ]

    let lab: Lab
    let kubectl: Kubectl

    init() async throws {
      self.lab = try await Lab.fresh()
      self.kubectl = self.lab.kubectl
    }

    private struct Dashboard: Decodable {
      struct Panel: Decodable {
        struct Target: Decodable { var expr: String }
        var title: String
        var type: String
        var targets: [Target]?
      }
      struct Variables: Decodable {
        struct Variable: Decodable {
          var name: String
          var definition: String?
        }
        var list: [Variable]
      }
      var panels: [Panel]
      var templating: Variables
    }

    /// What Grafana makes of a query when everything is chosen.
    private static func filled(_ query: String) -> String {
      var query = query.replacingOccurrences(of: "$__rate_interval", with: "1m")
      for name in ["pool", "node", "peer"] { query = query.replacingOccurrences(of: "$\(name)", with: ".*") }
      return query
    }

    private func ask(on node: String, _ path: String, _ parameters: String...) async throws -> [Any] {
      let data = parameters.flatMap { ["--data-urlencode", $0] }
      let command = ["curl", "--silent", "--max-time", "10", "--get"] + data + ["http://127.0.0.1:9090/api/v1/\(path)"]
      let output = try await run(
        [try Tool.metallb(), "lab", "exec", "--name", self.lab.name, node, "--"] + command)
      let answer = try #require(
        try JSONSerialization.jsonObject(with: Data(output.out.utf8)) as? [String: Any], "\(output)")
      guard answer["status"] as? String == "success" else {
        throw HarnessError.notReady("\(parameters): \(output.out)")
      }
      return (answer["data"] as? [String: Any])?["result"] as? [Any] ?? answer["data"] as? [Any] ?? []
    }

    /// Services by both protocols, a router with BFD and one that is not there; the owner of `web`.
    private func expose() async throws -> String {
      try await self.kubectl.apply(
        Manifest.pool("pool", "192.168.42.0/29", "2001:db8:42::/120"), Manifest.advertisement("l2", pools: "pool"),
        Manifest.pool("routed", "192.168.5.0/24"), Manifest.bgpAdvertisement("bgp", "ipAddressPools: [routed]"),
        Manifest.bfdProfile("fast", "detectMultiplier: 3"),
        Manifest.bgpPeer("tor-1", "myASN: 65117\npeerASN: 65116\npeerAddress: 198.18.0.201\nbfdProfile: fast"),
        Manifest.bgpPeer("absent", "myASN: 65117\npeerASN: 65116\npeerAddress: 198.18.0.209"),
        Manifest.deployment("web", replicas: 2),
        Manifest.service("web", annotations: ["metallb.io/address-pool": "pool"]),
        Manifest.service("shop", app: "web", annotations: ["metallb.io/address-pool": "routed"]))
      try await self.kubectl("rollout", "status", "deployment/web", "--timeout=30s")
      return try await eventually("somebody announces web", within: .seconds(30)) {
        try await self.kubectl(
          "get", "servicel2statuses", "--namespace=metallb-system", "--output=jsonpath={.items[*].status.node}")
      } isRight: {
        self.lab.nodes.contains($0)
      }
    }

    /// A question for an address, somebody else who claims it for himself, and a takeover.
    private func letThingsHappen(to owner: String) async throws {
      _ = try await self.lab.exec("tor-1", "ip", "route", "replace", "192.168.42.0/29", "dev", "eth0").expectSuccess()
      try await eventually("web is reached", within: .seconds(20)) {
        try await self.lab.exec("tor-1", "curl", "--silent", "--max-time", "2", "http://192.168.42.0/").code
      } isRight: {
        $0 == 0
      }
      _ = try await self.lab.exec("tor-1", "ip", "address", "add", "192.168.42.0/32", "dev", "eth0").expectSuccess()
      for _ in 1...3 {
        _ = try await self.lab.exec("tor-1", "arping", "-U", "-c", "1", "-I", "eth0", "192.168.42.0")
      }
      _ = try await self.lab.exec("tor-1", "ip", "address", "delete", "192.168.42.0/32", "dev", "eth0").expectSuccess()
      // A speaker that is killed may be back before anybody misses it.
      try await self.lab.cut(owner)
      try await eventually("another node takes over", within: .seconds(30)) {
        try await self.kubectl.events(about: "web")
      } isRight: { events in
        events.contains { $0.reason == "takenOver" }
      }
      try await self.lab.heal(owner)
    }

    /// Prometheus on a node, from where it reaches the controller's pod too.
    private func prometheus(on node: String) async throws -> ChildProcess {
      let token = try await self.lab.scraperToken()
      let controller = try await self.kubectl(
        "get", "pods", "--namespace=metallb-system", "--selector=component=controller",
        "--output=jsonpath={.items[0].status.podIP}")
      let targets = (Self.nodes + [controller]).map { "'\($0):9120'" }.joined(separator: ", ")
      let configuration = try Workspace.current.file(
        "prometheus.yaml",
        """
        global: {scrape_interval: 1s}
        scrape_configs:
        - job_name: metallb
          scheme: https
          tls_config: {insecure_skip_verify: true}
          authorization: {credentials: \(token)}
          static_configs: [{targets: [\(targets)]}]
        """)
      return try self.lab.start(
        node, try Tool.cached("bin/prometheus"), "--config.file=\(configuration)",
        "--storage.tsdb.path=\(Workspace.current.newDirectory("prometheus").path)",
        "--web.listen-address=127.0.0.1:9090", "--log.level=warn")
    }

    @Test func `every query of every panel finds something in a cluster where things happen`() async throws {
      let file = Tool.repository.appendingPathComponent("Deploy/monitoring/grafana-dashboard.json")
      let dashboard = try JSONDecoder().decode(Dashboard.self, from: try Data(contentsOf: file))
      let owner = try await self.expose()
      let heir = try #require(self.lab.nodes.first { $0 != owner })
      let prometheus = try await self.prometheus(on: heir)
      try await eventually("all three processes are scraped", within: .seconds(40)) {
        try await self.ask(on: heir, "query", "query=up == 1").count
      } isRight: {
        $0 == 3
      }
      try await self.letThingsHappen(to: owner)
      let queries = dashboard.panels.flatMap { panel in
        (panel.targets ?? []).map { (panel.title, Self.filled($0.expr)) }
      }
      #expect(queries.count > 30)
      var silent = queries
      // A rate needs a few scrapes.
      for _ in 1...40 where !silent.isEmpty {
        var still: [(String, String)] = []
        for (title, query) in silent {
          let isRare = Self.rare.contains { query.contains($0) }
          if try await self.ask(on: heir, "query", "query=\(query)").isEmpty && !isRare { still.append((title, query)) }
        }
        silent = still
        if !silent.isEmpty { try await Task.sleep(for: .milliseconds(500)) }
      }
      #expect(silent.isEmpty, "panels without data: \(silent)")
      for variable in dashboard.templating.list {
        guard let definition = variable.definition else { continue }
        let words = definition.dropFirst("label_values(".count).dropLast().components(separatedBy: ", ")
        #expect(
          try await self.ask(on: heir, "label/\(words[1])/values", "match[]=\(words[0])").count > 0, "\(definition)")
      }
      await prometheus.stop()
    }
  }
}
