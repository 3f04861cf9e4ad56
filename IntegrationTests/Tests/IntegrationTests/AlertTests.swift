import Foundation
import Harness
import Testing

extension Everything.Aside.Tours {
  /// Every alert of Deploy/monitoring, fired once by a fault that it is there for, in the eyes of a real Prometheus.
  @Suite(.lab(nodes: 2), .timeLimit(.minutes(4)))
  struct AlertTests {
    let lab: Lab
    let kubectl: Kubectl

    init() async throws {
      self.lab = try await Lab.fresh()
      self.kubectl = self.lab.kubectl
    }

    private static let rules = Tool.repository.appendingPathComponent("Deploy/monitoring/alerts.yaml").path

    @Test func `promtool accepts the alerts, and each makes of series what it should`() async throws {
      let promtool = try Tool.cached("bin/promtool")
      _ = try await run([promtool, "check", "rules", Self.rules]).expectSuccess()
      let tests = Self.rules.replacingOccurrences(of: "alerts.yaml", with: "alerts_test.yaml")
      _ = try await run([promtool, "test", "rules", tests]).expectSuccess()
    }

    private func router(_ command: String) async throws {
      _ = try await self.lab.exec("router", "sh", "-c", command).expectSuccess()
    }

    /// A controller that stands by, on the first node's own network, with a certificate that expires tomorrow.
    private func startStandby() async throws -> ChildProcess {
      let directory = Workspace.current.newDirectory("certificate")
      let script = """
        cd '\(directory.path)' && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 \
        -subj /CN=x -keyout tls.key -out tls.crt
        """
      _ = try await run(["sh", "-c", script]).expectSuccess()
      return try self.lab.start(
        "node-1", try Tool.metallb(), "controller", "--kubeconfig", try await self.lab.kubeconfigOnNodes(),
        "--namespace=metallb-system",
        "--webhook-mode=disabled", "--health-probe-port=0", "--port=19120", "--metrics-cert-dir=\(directory.path)")
    }

    @Test func `each alert fires when what it is there for happens`() async throws {
      let standby = try await self.startStandby()
      try await self.kubectl.apply(
        Manifest.pool("full", "192.168.44.0/32"), Manifest.pool("large", "192.168.45.0/28", extra: "autoAssign: false"),
        Manifest.advertisement("l2", pools: "full", "large"), Manifest.deployment("web"))
      try await self.kubectl("rollout", "status", "deployment/web", "--timeout=30s")
      try await Prometheus.with(self.lab, extra: ["127.0.0.1:19120"]) { prometheus in
        try await eventually("every process is scraped", equals: []) { try await prometheus.failures() }
        // A process that has just started may be behind for a moment, and alerts are hasty here.
        try await eventually("a certificate expires, and all else is well", equals: ["MetalLBCertificateExpires"]) {
          try await prometheus.firing()
        }

        // A pool of one address for two Services.
        try await self.kubectl.apply(Manifest.service("web"), Manifest.service("late"))
        // A Service that nobody stands behind has an address that nobody announces.
        try await self.kubectl.apply(
          Manifest.service("lonely", app: "nobody", spec: "loadBalancerIP: 192.168.45.9"))
        // An object that is wrong, and a router that is not there.
        try await self.kubectl.apply(
          Manifest.advertisement("wrong", pools: "no-such-pool"),
          """
          apiVersion: metallb.io/v1beta1
          kind: BFDProfile
          metadata: {name: fast, namespace: metallb-system}
          ---
          apiVersion: metallb.io/v1beta2
          kind: BGPPeer
          metadata: {name: nobody, namespace: metallb-system}
          spec: {myASN: 64500, peerASN: 64501, peerAddress: 198.18.0.250, bfdProfile: fast}
          """)
        // An address that another host has already.
        try await self.router("ip address add 192.168.45.5/32 dev eth0")
        try await self.kubectl.apply(Manifest.service("taken", spec: "loadBalancerIP: 192.168.45.5"))
        for name in [
          "MetalLBAddressPoolExhausted", "MetalLBAddressPoolUsage75Percent", "MetalLBAddressPoolUsage85Percent",
          "MetalLBAddressPoolUsage95Percent", "MetalLBServicesWaiting", "MetalLBServicesUnannounced",
          "MetalLBStaleConfig", "MetalLBBGPSessionDown", "MetalLBBFDSessionDown", "MetalLBAddressInUse",
        ] {
          try await prometheus.awaitAlert(name)
        }

        // Somebody claims what is announced.
        let owner = try await self.lab.announcer(of: "192.168.44.0", service: "web")
        try await self.router(
          "ip address add 192.168.44.0/32 dev eth0; arping -A -c 1 -I eth0 192.168.44.0; ip address del 192.168.44.0/32 dev eth0"
        )
        try await prometheus.awaitAlert("MetalLBAddressConflict")
        // The owner's speaker dies, and its successor cannot read the pools.
        let fault = try Workspace.current.file("fault.json", #"{"code": 503, "path": "/ipaddresspools"}"#)
        try await self.kubectl("create", "--raw", "/lab/faults", "-f", fault)
        try await self.lab.signalSpeaker(on: owner, SIGKILL)
        try await prometheus.awaitAlert("MetalLBTakeover")
        try await prometheus.awaitAlert("MetalLBConfigNotLoaded", within: .seconds(30))
        try await self.kubectl("delete", "--raw", "/lab/faults")
        // Nobody is left who gives out addresses.
        await standby.stop()
        try await self.kubectl("scale", "deployment/controller", "--namespace=metallb-system", "--replicas=0")
        try await prometheus.awaitAlert("MetalLBNoLeader", within: .seconds(20))
      }
      try await self.router("ip address del 192.168.45.5/32 dev eth0")
      try await self.kubectl("scale", "deployment/controller", "--namespace=metallb-system", "--replicas=1")
    }

    @Test func `every alert is among those that the tests fire`() throws {
      let text = try String(contentsOfFile: Self.rules, encoding: .utf8)
      let source = try String(contentsOfFile: #filePath, encoding: .utf8)
      let names = text.matches(of: /- alert: (\w+)/).map { String($0.output.1) }
      #expect(names.count == 15)
      for name in names { #expect(source.contains("\"\(name)\""), "\(name)") }
    }
  }
}
