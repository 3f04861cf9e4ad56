import Foundation
import Harness
import Testing

extension Everything.Clusters {
  /// MetalLB 0.16.1 replaced where it runs, and put back (Docs/replacing-upstream.md), while a client asks one address a
  /// hundred times a second, and two more ten times. Upstream's speakers and controller are stand-ins (Peers/upstream-stand-in.py).
  @Suite(.serialized, .timeLimit(.minutes(4)))
  struct ReplacementTests {
    private static let addresses = ["192.168.46.7", "192.168.46.8", "192.168.46.9"]
    private static let images = [
      "controller": "quay.io/metallb/controller:v0.16.1", "speaker": "quay.io/metallb/speaker:v0.16.1",
    ]

    /// A cluster in which upstream runs and three Services have addresses that only their statuses tell of.
    private func withUpstream(_ body: (Lab) async throws -> Void) async throws {
      let peer = Tool.repository.appendingPathComponent("IntegrationTests/Peers")
      let standIn = peer.appendingPathComponent("upstream-stand-in.py").path
      let images = Dictionary(uniqueKeysWithValues: Self.images.values.map { ($0, standIn) })
      try await Lab.with(nodes: 3, images: images) { lab in
        let kubectl = lab.kubectl
        let definitions = Tool.repository.appendingPathComponent("Deploy/crds")
        for file in try FileManager.default.contentsOfDirectory(atPath: definitions.path)
        where file.hasPrefix("metallb.io") {
          try await kubectl("apply", "-f", definitions.appendingPathComponent(file).path)
        }
        let installation = peer.appendingPathComponent("upstream-installation.yaml").path
        try await kubectl("apply", "-f", installation)
        try await kubectl.apply(
          Manifest.pool("pool", "192.168.46.0/24"), Manifest.advertisement("l2", pools: "pool"),
          Manifest.deployment("web", replicas: 3))
        for (number, address) in Self.addresses.enumerated() {
          try await kubectl.apply(
            Manifest.service("web-\(number)", annotations: ["metallb.universe.tf/ip-allocated-from-pool": "pool"]))
          try await kubectl(
            "patch", "service", "web-\(number)", "--subresource=status", "--type=merge", "--patch",
            #"{"status": {"loadBalancer": {"ingress": [{"ip": "\#(address)", "ipMode": "VIP"}]}}}"#)
        }
        try await self.settled(kubectl)
        for address in Self.addresses { try await lab.awaitAnswer(from: address, within: .seconds(30)) }
        try await eventually("upstream's speakers tell who announces what", within: .seconds(30)) {
          try await self.announcers(kubectl).count
        } isRight: {
          $0 == Self.addresses.count
        }
        try await Task.sleep(for: .seconds(6))
        try await body(lab)
      }
    }

    private func settled(_ kubectl: Kubectl) async throws {
      for object in ["deployment/controller", "daemonset/speaker"] {
        try await kubectl(
          "rollout", "status", object, "--namespace=metallb-system", "--timeout=80s", within: .seconds(90))
      }
    }

    /// The node that announces each Service, as the statuses tell.
    private func announcers(_ kubectl: Kubectl) async throws -> [String: String] {
      let lines = try await kubectl(
        "get", "servicel2statuses", "--namespace=metallb-system",
        "--output=jsonpath={range .items[*]}{.status.serviceName} {.status.node}{\"\\n\"}{end}")
      let pairs = lines.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }.filter {
        $0.count == 2
      }
      return Dictionary(pairs.map { ($0[0], $0[1]) }) { first, _ in first }
    }

    private func use(_ images: [String: String], _ kubectl: Kubectl) async throws {
      try await kubectl(
        "set", "image", "deployment/controller", "controller=\(images["controller"] ?? "")",
        "--namespace=metallb-system")
      try await kubectl(
        "set", "image", "daemonset/speaker", "speaker=\(images["speaker"] ?? "")", "--namespace=metallb-system")
      try await self.settled(kubectl)
    }

    /// Asks all addresses while `change` happens; afterwards each Service has its address and one announcer.
    /// `double` = for how many seconds two nodes may answer at once, when the machine keeps nobody waiting.
    private func lose(
      atMost lost: Int = 0, in lab: Lab, within double: Double, during change: () async throws -> Void
    ) async throws {
      var probes: [TrafficProbe] = []
      for (number, address) in Self.addresses.enumerated() {
        probes.append(try await TrafficProbe(in: lab, for: address, requestsPerSecond: number == 0 ? 100 : 10))
      }
      try await Task.sleep(for: .milliseconds(500))
      for probe in probes { try await probe.mark() }
      try await change()
      try await Task.sleep(for: .seconds(4))
      for probe in probes {
        let report = try await probe.stop()
        #expect(report.requests > 50)
        #expect(report.lost <= lost, "lost at \(report.losses), owners \(report.timeline)")
        #expect(report.longestDouble <= double + report.stall, "two owners at \(report.doubleAt)")
      }
      for (number, address) in Self.addresses.enumerated() {
        #expect(try await lab.kubectl.addresses(of: "web-\(number)") == [address])
        try await eventually("one node answers for \(address)") {
          try await lab.answerers(address)
        } isRight: {
          $0.count == 1
        }
      }
    }

    private func secrets(_ kubectl: Kubectl) async throws -> String {
      try await kubectl.field(".data.secretkey", of: "secret/memberlist", in: "metallb-system")
    }

    @Test
    func `only the images are changed: every address and every request survives, and addresses the way back, too`()
      async throws
    {
      try await self.withUpstream { lab in
        let kubectl = lab.kubectl
        let key = try await self.secrets(kubectl)
        let before = try await self.announcers(kubectl)
        let own = Self.images.mapValues { $0.replacingOccurrences(of: "v0.16.1", with: "ours") }
        try await self.lose(in: lab, within: 1) { try await self.use(own, kubectl) }
        #expect(try await self.secrets(kubectl) == key)
        // The same election: who announced a Service announces it again.
        try await eventually("the statuses tell the same", equals: before, within: .seconds(20)) {
          try await self.announcers(kubectl)
        }
        let log = try await kubectl("logs", "--namespace=metallb-system", "deployment/controller")
        #expect(log.contains("going on as the only controller"), "\(log.suffix(2000))")
        try await kubectl.apply(Manifest.service("new"))
        try await lab.awaitAddress("192.168.46.0", of: "new")
        try await kubectl("delete", "service", "new")

        // MetalLB's speaker announces everything until it has found the others: what is under way then may go astray.
        try await self.lose(atMost: 3, in: lab, within: 3) { try await self.use(Self.images, kubectl) }
        #expect(try await self.secrets(kubectl) == key)
      }
    }

    @Test func `speakers of both are one group, and each address has the owner that it had`() async throws {
      try await self.withUpstream { lab in
        let kubectl = lab.kubectl
        let before = try await self.announcers(kubectl)
        try await kubectl(
          "patch", "daemonset", "speaker", "--namespace=metallb-system", "--type=merge", "--patch",
          #"{"spec": {"updateStrategy": {"type": "OnDelete"}}}"#)
        let own = Self.images["speaker"]?.replacingOccurrences(of: "v0.16.1", with: "ours") ?? ""
        try await kubectl("set", "image", "daemonset/speaker", "speaker=\(own)", "--namespace=metallb-system")
        let replaced = try #require(before.values.min())
        try await kubectl(
          "delete", "pod", "--namespace=metallb-system", "--selector=component=speaker",
          "--field-selector=spec.nodeName=\(replaced)")
        for node in lab.nodes where node != replaced {
          try await eventually("upstream's speaker on \(node) has all for members", within: .seconds(30)) {
            try await lab.exec(node, "serf", "members", "-status=alive").expectSuccess().split(separator: "\n").count
          } isRight: {
            $0 == lab.nodes.count
          }
        }
        #expect(try await lab.speaker(on: replaced) > 1)
        try await eventually("who announced a Service announces it again", equals: before, within: .seconds(20)) {
          try await self.announcers(kubectl)
        }
        for (number, address) in Self.addresses.enumerated() {
          try await eventually("only its owner answers for \(address)", within: .seconds(20)) {
            try await lab.answerers(address)
          } isRight: {
            $0 == Set([before["web-\(number)"]].compactMap { $0 })
          }
        }
      }
    }

    @Test func `the manifest is applied over upstream's: every address and every request survives`() async throws {
      try await self.withUpstream { lab in
        let kubectl = lab.kubectl
        let key = try await self.secrets(kubectl)
        try await self.lose(in: lab, within: 1) {
          try await kubectl.apply(try Manifest.product())
          try await self.settled(kubectl)
        }
        #expect(try await self.secrets(kubectl) == key)
        let bundle = try await kubectl.field(
          ".webhooks[*].clientConfig.caBundle", of: "validatingwebhookconfiguration/metallb-webhook-configuration")
        #expect(!bundle.isEmpty)
        let refused = try await kubectl.run("apply", "-f", "-", input: Manifest.pool("bad", "192.168.47.0/33"))
        #expect(refused.code == 1 && refused.error.contains("invalid CIDR"), "\(refused)")
        let checked = try await run([try Tool.metallb(), "check", "--kubeconfig", lab.kubeconfig])
        #expect(checked.code == 0, "\(checked.out)\(checked.error)")
      }
    }
  }
}
