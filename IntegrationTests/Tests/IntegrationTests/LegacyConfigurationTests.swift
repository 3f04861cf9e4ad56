import Harness
import Testing

extension Everything.Clusters {
  /// A cluster that is configured as in the days of MetalLB 0.8.
  @Suite(.lab(nodes: 2), .timeLimit(.minutes(3)))
  struct LegacyConfigurationTests {
    let lab: Lab
    let kubectl: Kubectl

    init() async throws {
      self.lab = try await Lab.fresh()
      self.kubectl = self.lab.kubectl
      try await self.kubectl("delete", "configmap", "config", "--ignore-not-found", "--namespace=metallb-system")
    }

    private static func configMap(_ addresses: String) -> String {
      """
      apiVersion: v1
      kind: ConfigMap
      metadata:
        namespace: metallb-system
        name: config
      data:
        config: |
          address-pools:
          - name: default
            protocol: layer2
            addresses:
            - \(addresses)
      """
    }

    @Test func `the walkthrough of 0-8-1, and the way from there to objects without losing an address`() async throws {
      try await self.kubectl.apply(
        Self.configMap("192.168.92.200-192.168.92.210"), Manifest.deployment("nginx"),
        Manifest.service("nginx", app: "nginx"),
        Manifest.service("asked", app: "nginx", spec: "loadBalancerIP: 192.168.92.205"))
      try await self.lab.awaitAddress("192.168.92.200", of: "nginx")
      try await self.lab.awaitAddress("192.168.92.205", of: "asked")
      try await self.lab.awaitAnswer(from: "192.168.92.200")
      try await self.lab.awaitAnswer(from: "192.168.92.205")

      // A mistake changes nothing, and is told on the ConfigMap.
      try await self.kubectl.apply(Self.configMap("192.168.92.200-nowhere"))
      try await eventually("the mistake is told") {
        try await self.kubectl.events(about: "config", in: "metallb-system")
      } isRight: { events in
        events.contains { $0.reason == "InvalidConfiguration" && $0.message.contains("invalid IP range") }
      }
      #expect(try await self.kubectl.addresses(of: "nginx") == ["192.168.92.200"])
      try await self.kubectl.apply(Self.configMap("192.168.92.200-192.168.92.210"))

      // migrate | kubectl apply, while both are in use.
      let documents = try await run([
        try Tool.metallb(), "migrate", "--from-cluster", "--stdout", "--kubeconfig", self.lab.kubeconfig,
      ]).expectSuccess()
      try await self.kubectl("apply", "-f", "-", input: documents + "\n")
      try await eventually("the warning says that the ConfigMap no longer counts") {
        try await self.kubectl.events(about: "config", in: "metallb-system")
      } isRight: { events in
        events.contains { $0.reason == "ConfigurationIgnored" && $0.message.contains("IPAddressPool") }
      }
      try await self.kubectl("delete", "configmap", "config", "--namespace=metallb-system")
      try await stays("the address stays", equals: ["192.168.92.200"], during: .seconds(7)) {
        try await self.kubectl.addresses(of: "nginx")
      }
      try await self.lab.awaitAnswer(from: "192.168.92.205")
      let changes = try await self.kubectl.events(about: "nginx").filter { $0.reason == "IPAllocated" }
      #expect(changes.map(\.message) == [#"Assigned IP ["192.168.92.200"]"#])

      let explained = try await run([
        try Tool.metallb(), "explain", "service", "default/nginx", "--kubeconfig", self.lab.kubeconfig,
      ]).expectSuccess()
      for part in ["has 192.168.92.200", "first pool by name", "l2advertisement1", "announces it, from 2 nodes"] {
        #expect(explained.contains(part), "\(part): \(explained)")
      }
    }
  }
}
