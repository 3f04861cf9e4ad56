import Foundation
import Harness
import Testing

extension Everything.Aside.Tours {
  /// `metallb status`, and what the speakers serve for it.
  @Suite(.lab(nodes: 3), .timeLimit(.minutes(3)))
  struct StatusCommandTests {
    static let address = "192.168.42.0"
    static let system = "--namespace=metallb-system"

    let lab: Lab
    let kubectl: Kubectl

    init() async throws {
      self.lab = try await Lab.fresh()
      self.kubectl = self.lab.kubectl
      try await self.kubectl.apply(
        Manifest.pool("pool", "192.168.42.0/30"), Manifest.advertisement("l2", pools: "pool"),
        Manifest.deployment("web", replicas: 3))
      try await self.kubectl("rollout", "status", "deployment/web", "--timeout=30s")
      try await self.kubectl.apply(Manifest.service("web"))
    }

    private func metallb(_ arguments: String..., kubeconfig: String? = nil) async throws -> Output {
      try await run(
        [try Tool.metallb()] + arguments + ["--kubeconfig", kubeconfig ?? self.lab.kubeconfig], within: .seconds(30))
    }

    private func json(_ text: String) throws -> [String: Any] {
      try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    /// What the speakers that have answered say.
    private func statuses(of report: [String: Any]) -> [[String: Any]] {
      (report["speakers"] as? [[String: Any]] ?? []).compactMap { $0["status"] as? [String: Any] }
    }

    /// The path at which a node's speaker is asked, without its UID, and that UID.
    private func speaker(on node: String) async throws -> (path: String, uid: String) {
      let fields = try await self.kubectl(
        "get", "pods", Self.system, "--selector=component=speaker", "--field-selector=spec.nodeName=\(node)",
        "--output=jsonpath={.items[0].metadata.name} {.items[0].metadata.uid}"
      ).split(separator: " ").map(String.init)
      return (
        "/api/v1/namespaces/metallb-system/pods/\(fields.first ?? ""):17472/proxy/status", fields.last ?? ""
      )
    }

    @Test func `all is well, and each view says who announces what and who comes next`() async throws {
      let owner = try await self.lab.announcer(of: Self.address, service: "web")
      let overview = try await eventually("all is well", within: .seconds(60)) {
        try await self.metallb("status")
      } isRight: {
        $0.code == 0
      }
      for part in ["pool  192.168.42.0/30  1 of 4  [#####---------------]", "default/web", "\(owner) (layer2, "] {
        #expect(overview.out.contains(part), "\(part): \(overview.out)")
      }
      #expect(overview.out.split(separator: "\n").allSatisfy { $0.count <= 80 } && !overview.out.contains("\u{1B}"))

      let report = try await eventually("every speaker has answered in time", within: .seconds(30)) {
        try await self.metallb("status", "l2", "web", "-o", "json").out
      } isRight: {
        let report = (try? JSONSerialization.jsonObject(with: Data($0.utf8))) as? [String: Any]
        return self.statuses(of: report ?? [:]).count == self.lab.nodes.count
      }
      let machine = try self.json(report)
      let services = try #require(machine["services"] as? [[String: Any]])
      let announcer = try #require((services.first?["announcers"] as? [[String: Any]])?.first)
      let own = self.statuses(of: machine).first { $0["node"] as? String == owner }
      let layer2 = try #require(own?["layer2"] as? [String: Any])
      let candidates = (layer2["announcements"] as? [[String: Any]])?.first?["candidates"] as? [String]
      #expect(candidates?.first == owner && candidates.map { Set($0) } == Set(self.lab.nodes))
      #expect(announcer["next"] as? String == candidates?[1])

      let text = try await self.metallb("status", "l2")
      for part in ["Owners that are watched", "answers", "Speakers that gossip", "3 of 3"] {
        #expect(text.out.contains(part), "\(part): \(text.out)")
      }
      #expect(try await self.metallb("status", "bgp").out.contains("create a BGPPeer"))
      #expect(try await self.metallb("status", "--output", "yaml").out.contains("well: true"))
      #expect(try await self.metallb("status", "--interval", "0").code == 64)
      let nobody = try await run([try Tool.metallb(), "status", "--kubeconfig", "/dev/null"], within: .seconds(30))
      #expect(nobody.code == 2 && nobody.error.hasPrefix("metallb: "), "\(nobody)")
    }

    @Test func `kubectl reads a speaker through the proxy, if it names the pod by what only the API server tells`()
      async throws
    {
      let (path, uid) = try await self.speaker(on: "node-1")
      let text = try await self.kubectl("get", "--raw", "\(path)?pod=\(uid)")
      let status = try self.json(text)
      #expect(status["version"] as? Int == 1 && status["node"] as? String == "node-1")
      let key = try await self.kubectl(
        "get", "secret", "memberlist", Self.system, "--output=jsonpath={.data.secretkey}")
      let secret = Data(base64Encoded: key).map { String(decoding: $0, as: UTF8.self) } ?? key
      #expect(!secret.isEmpty && !text.contains(secret) && !text.contains(key))
      for refused in [path, "\(path)?pod=another"] {
        await #expect(throws: HarnessError.self) { try await self.kubectl("get", "--raw", refused) }
      }
      // Whoever merely reaches the port learns nothing, and there is nothing else on it.
      let addresses = try await self.kubectl(
        "get", "node", "node-1", "--output=jsonpath={.status.addresses[?(@.type=='InternalIP')].address}")
      let host = try #require(addresses.split(separator: " ").first)
      func code(_ url: String, on machine: String) async throws -> String {
        try await self.lab.exec(
          machine, "curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}", url
        )
        .out
      }
      #expect(try await code("http://\(host):17472/status", on: "node-2") == "403")
      #expect(try await code("http://\(host):17472/healthz", on: "node-2") == "404")
      #expect(try await code("http://127.0.0.1:17472/status", on: "node-1") == "200")
      #expect(try await code("http://127.0.0.1:17472/healthz", on: "node-1") == "200")
    }

    @Test func `who may not ask the speakers is told what the objects tell`() async throws {
      let owner = try await self.lab.announcer(of: Self.address, service: "web")
      try await self.kubectl.apply(
        """
        apiVersion: v1
        kind: ServiceAccount
        metadata: {name: viewer, namespace: default}
        """,
        """
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata: {name: viewer}
        rules:
        - {apiGroups: ["", metallb.io], resources: ["*"], verbs: [list]}
        """,
        """
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRoleBinding
        metadata: {name: viewer}
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: viewer}
        subjects: [{kind: ServiceAccount, name: viewer, namespace: default}]
        """)
      let kubeconfig = try Workspace.current.file(
        "viewer", try String(contentsOfFile: self.lab.kubeconfig, encoding: .utf8))
      let kubectl = Kubectl(.current, kubeconfig: kubeconfig)
      let token = try await kubectl("create", "token", "viewer")
      try await kubectl("config", "set-credentials", "viewer", "--token=\(token)")
      let cluster = try await kubectl("config", "view", "--output=jsonpath={.clusters[0].name}")
      try await kubectl("config", "set-context", "viewer", "--cluster=\(cluster)", "--user=viewer")
      let output = try await eventually("the objects tell the owner", within: .seconds(15)) {
        try await self.metallb("status", "--context", "viewer", kubeconfig: kubeconfig)
      } isRight: {
        $0.out.contains("\(owner) (layer2, -)")
      }
      #expect(output.code == 0, "that one may not ask is no fault of the cluster: \(output)")
      let machine = try self.json(
        try await self.metallb("status", "--context", "viewer", "-o", "json", kubeconfig: kubeconfig).out)
      let notes = try #require(machine["notes"] as? [String])
      #expect(notes.contains { $0.contains("cannot be asked") && $0.contains("get on pods/proxy") }, "\(notes)")
    }

    @Test func `the end of an owner is told by command, Event and metrics`() async throws {
      let owner = try await self.lab.announcer(of: Self.address, service: "web")
      try await self.lab.cut(owner)
      let events = try await eventually("the takeover is told", within: .seconds(20)) {
        try await self.kubectl.events(about: "web").filter { $0.reason == "takenOver" }
      } isRight: {
        !$0.isEmpty
      }
      let message = events.last?.message ?? ""
      #expect(message.contains("took over from node \"\(owner)\" after ") && message.hasSuffix(" ms"), "\(message)")
      let heir = try #require(self.lab.nodes.first { message.hasPrefix("node \"\($0)\"") })
      // Upstream's sentence stays as it is.
      try await eventually("an event names \(heir)") {
        try await self.kubectl.events(about: "web")
      } isRight: { events in
        events.contains {
          $0.reason == "nodeAssigned" && $0.message == #"announcing from node "\#(heir)" with protocol "layer2""#
        }
      }
      try await self.kubectl("create", "serviceaccount", "prometheus")
      try await self.kubectl("create", "clusterrole", "prometheus", "--verb=get", "--non-resource-url=/metrics")
      try await self.kubectl(
        "create", "clusterrolebinding", "prometheus", "--clusterrole=prometheus", "--serviceaccount=default:prometheus")
      let token = try await self.kubectl("create", "token", "prometheus")
      let metrics = try await self.lab.exec(
        heir, "curl", "--silent", "--insecure", "--header", "Authorization: Bearer \(token)",
        "https://127.0.0.1:9120/metrics"
      ).out
      #expect(metrics.contains(/metallb_layer2_takeovers_total [1-9]/), "\(metrics)")
      #expect(metrics.contains(/metallb_layer2_takeover_duration_seconds_count [1-9]/), "\(metrics)")
      #expect(metrics.contains("# TYPE metallb_layer2_takeover_duration_seconds histogram"), "\(metrics)")
      let output = try await eventually("status tells", within: .seconds(30)) {
        try await self.metallb("status", "l2")
      } isRight: {
        $0.out.contains("speaker on \(owner): its pod is not ready")
      }
      #expect(output.code == 1)
      let takeovers = output.out.components(separatedBy: "Takeovers").last ?? ""
      #expect(
        takeovers.split(separator: "\n").contains {
          $0.contains(heir) && $0.contains(owner) && $0.hasSuffix(" ms")
        }, "\(output.out)")
      try await self.lab.heal(owner)
    }
  }
}
