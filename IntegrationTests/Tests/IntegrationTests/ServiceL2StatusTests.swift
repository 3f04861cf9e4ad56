import Foundation
import Harness
import Testing

extension Everything.Clusters {
  /// `kubectl get servicel2statuses` tells who announces what, also after the announcer is gone.
  @Suite(.lab(nodes: 2), .timeLimit(.minutes(3)))
  struct ServiceL2StatusTests {
    let lab: Lab
    let kubectl: Kubectl

    static let address = "192.168.40.0"

    init() async throws {
      self.lab = try await Lab.fresh()
      self.kubectl = self.lab.kubectl
      try await self.kubectl.apply(
        Manifest.pool("pool", "192.168.40.0/24"), Manifest.advertisement("l2", pools: "pool"),
        Manifest.deployment("web", replicas: 2))
      try await self.kubectl("rollout", "status", "deployment/web", "--timeout=30s")
    }

    private func field(_ path: String) async throws -> [String] {
      let line = try await self.kubectl(
        "get", "servicel2statuses", "--namespace=metallb-system", "--output=jsonpath={.items[*]\(path)}")
      return line.split(separator: " ").map(String.init)
    }

    @Test func `one object tells the node, belongs to its speaker, and follows the announcement`() async throws {
      try await self.kubectl.apply(Manifest.service("web"))
      let announcer = try await self.lab.announcer(of: Self.address, service: "web")
      try await eventually("the announcer is told", equals: [announcer]) { try await self.field(".status.node") }
      #expect(try await self.field(".status.serviceNamespace") == ["default"])
      #expect(try await self.field(".status.serviceName") == ["web"])
      #expect(try await self.field(".status.interfaces") == [])
      #expect(try await self.field(".metadata.labels.metallb\\.io/node") == [announcer])
      #expect(try await self.field(".metadata.name").allSatisfy { $0.hasPrefix("l2-") })
      let owner = try await self.field(".metadata.ownerReferences[0].name")
      let node = try await self.kubectl(
        "get", "pod", owner.first ?? "", "--namespace=metallb-system", "--output=jsonpath={.spec.nodeName}")
      #expect(node == announcer)

      try await self.kubectl.apply(Manifest.advertisement("l2", pools: "pool", extra: "interfaces: [eth0]"))
      try await eventually("the interfaces are told", equals: ["eth0"]) {
        try await self.field(".status.interfaces[*].name")
      }
      let name = try await self.field(".metadata.name")
      try await self.kubectl("delete", "servicel2status", name.first ?? "", "--namespace=metallb-system")
      try await eventually("it is written again") {
        try await self.field(".status.node")
      } isRight: {
        $0 == [announcer]
      }
      #expect(try await self.field(".metadata.name") != name)

      try await self.kubectl("delete", "service", "web")
      try await eventually("nothing is announced", equals: []) { try await self.field(".metadata.name") }
    }

    @Test func `the next owner takes over the telling, and gives it back`() async throws {
      try await self.kubectl.apply(Manifest.service("web"))
      let announcer = try await self.lab.announcer(of: Self.address, service: "web")
      let other = self.lab.nodes.filter { $0 != announcer }
      try await eventually("the announcer is told", equals: [announcer]) { try await self.field(".status.node") }
      try await self.lab.cut(announcer)
      try await eventually("the successor alone is told", equals: other) { try await self.field(".status.node") }
      // Both think the other dead: speakers look for those that are gone once a minute.
      try await self.lab.heal(announcer)
      try await eventually("\(announcer) alone is told again", equals: [announcer], within: .seconds(90)) {
        try await self.field(".status.node")
      }
      // Nobody was taken for a stranger.
      #expect(try await !self.kubectl.events(about: "web").contains { $0.reason == "addressInUse" })
    }
  }
}
