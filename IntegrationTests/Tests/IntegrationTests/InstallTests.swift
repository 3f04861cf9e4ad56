import Harness
import Testing

extension Everything.Clusters {
  /// Installing, changing, taking back and removing, as the documents print it.
  @Suite(.serialized, .timeLimit(.minutes(3)))
  struct InstallTests {
    private static let address = "192.168.45.0"

    private func expose(_ lab: Lab) async throws {
      try await lab.kubectl.apply(
        Manifest.pool("pool", "192.168.45.0/24"), Manifest.advertisement("l2", pools: "pool"),
        Manifest.deployment("web", replicas: 3), Manifest.service("web"))
      try await lab.awaitAddress(Self.address, of: "web")
      try await lab.awaitAnswer(from: Self.address)
      try await Task.sleep(for: .seconds(1))
    }

    /// Asks a hundred times a second while `change` happens.
    private func loseNothing(in lab: Lab, during change: () async throws -> Void) async throws {
      let probe = try await TrafficProbe(in: lab, for: Self.address, requestsPerSecond: 100)
      try await Task.sleep(for: .milliseconds(500))
      try await probe.mark()
      try await change()
      try await Task.sleep(for: .seconds(2))
      let report = try await probe.stop()
      #expect(report.requests > 100)
      #expect(report.lost == 0, "lost at \(report.losses), owners \(report.timeline)")
      #expect(try await lab.kubectl.addresses(of: "web") == [Self.address])
    }

    private func arguments(of object: String, in kubectl: Kubectl) async throws -> String {
      try await kubectl.field(".spec.template.spec.containers[0].args", of: object, in: "metallb-system")
    }

    /// What either way of installing makes for the whole cluster.
    private func left(in kubectl: Kubectl) async throws -> String {
      let kinds = "crds,clusterroles,clusterrolebindings,validatingwebhookconfigurations"
      let names = try await kubectl("get", kinds, "--output=name")
      return names.split(separator: "\n").filter { $0.contains("metallb") }.joined(separator: "\n")
    }

    @Test func `by manifest: installed, changed and changed back without a lost request, removed without a trace`()
      async throws
    {
      try await Lab.with(nodes: 3) { lab in
        let kubectl = lab.kubectl
        try await lab.install()
        try await self.expose(lab)
        let speaker = "daemonset/speaker"
        let before = try await self.arguments(of: speaker, in: kubectl)
        func settled() async throws {
          try await kubectl(
            "rollout", "status", speaker, "--namespace=metallb-system", "--timeout=60s", within: .seconds(70))
          try await kubectl("rollout", "status", "deployment/controller", "--namespace=metallb-system", "--timeout=60s")
        }
        let newer = try Manifest.product().replacingOccurrences(of: "--log-level=info", with: "--log-level=debug")
        try await self.loseNothing(in: lab) {
          try await kubectl.apply(newer)
          try await settled()
        }
        #expect(try await self.arguments(of: speaker, in: kubectl).contains("debug"))
        try await self.loseNothing(in: lab) {
          try await kubectl.apply(try Manifest.product())
          try await settled()
        }
        #expect(try await self.arguments(of: speaker, in: kubectl) == before)

        // The namespace goes first, and much of the rest with it.
        try await kubectl(
          "delete", "--ignore-not-found", "-f", "-", "--timeout=60s", input: newer, within: .seconds(70))
        #expect(try await self.left(in: kubectl) == "")
        #expect(try await kubectl("get", "namespaces", "--output=name").contains("metallb") == false)
        try await eventually("nobody answers any more", equals: [], within: .seconds(15)) {
          try await lab.answerers(Self.address)
        }
      }
    }

    @Test func `by Helm: installed, upgraded and rolled back without a lost request, uninstalled without a trace`()
      async throws
    {
      try await Lab.with(nodes: 3) { lab in
        let kubectl = lab.kubectl
        let helm = Helm(kubeconfig: lab.kubeconfig)
        #expect(try await helm("install", "metallb", Helm.chart) == "metallb\t1\tdeployed")
        try await self.expose(lab)
        try await self.loseNothing(in: lab) {
          try await helm("upgrade", "metallb", Helm.chart, "--set", "speaker.logLevel=debug,controller.replicas=2")
        }
        #expect(try await self.arguments(of: "daemonset/metallb-speaker", in: kubectl).contains("debug"))
        try await self.loseNothing(in: lab) { try await helm("rollback", "metallb", "1") }
        #expect(!(try await self.arguments(of: "daemonset/metallb-speaker", in: kubectl).contains("debug")))
        let history = try await helm("history", "metallb").split(separator: "\n").map { $0.split(separator: "\t")[1] }
        #expect(history == ["superseded", "superseded", "deployed"])

        #expect(try await helm("uninstall", "metallb") == "metallb uninstalled")
        #expect(try await self.left(in: kubectl) == "")
        try await eventually("nobody answers any more", equals: [], within: .seconds(15)) {
          try await lab.answerers(Self.address)
        }
      }
    }
  }
}
