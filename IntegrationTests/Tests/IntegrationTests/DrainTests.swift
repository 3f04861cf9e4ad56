import Foundation
import Harness
import Testing

extension Everything.Clusters {
  /// Planned work on a node: whoever asks for its addresses all the while does not notice.
  @Suite(.lab(nodes: 3), .timeLimit(.minutes(3)))
  struct DrainTests {
    let lab: Lab
    let kubectl: Kubectl

    static let address = "192.168.41.0"
    static let label = "node.kubernetes.io/exclude-from-external-load-balancers"

    init() async throws {
      self.lab = try await Lab.fresh()
      self.kubectl = self.lab.kubectl
      try await self.kubectl.apply(
        Manifest.pool("pool", "192.168.41.0/24"), Manifest.advertisement("l2", pools: "pool"),
        Manifest.deployment("web", replicas: 3))
      try await self.kubectl("rollout", "status", "deployment/web", "--timeout=30s")
      try await self.kubectl.apply(Manifest.service("web"))
    }

    private func metallb(_ arguments: String...) async throws -> Output {
      try await run([try Tool.metallb()] + arguments + ["--kubeconfig", self.lab.kubeconfig], within: .seconds(70))
    }

    /// The node that alone is known to announce the Service, once that is so and it is another one than `former`.
    private func awaitAnnouncer(otherThan former: String? = nil) async throws -> String {
      let nodes = try await eventually("one node tells that it announces") {
        try await self.kubectl(
          "get", "servicel2statuses", "--namespace=metallb-system", "--output=jsonpath={.items[*].status.node}"
        ).split(separator: " ").map(String.init)
      } isRight: {
        $0.count == 1 && $0.first != former
      }
      return try #require(nodes.first)
    }

    private func expectNothingLost(_ report: TrafficProbe.Report, sourceLocation: SourceLocation = #_sourceLocation) {
      #expect(report.requests > 100, sourceLocation: sourceLocation)
      #expect(report.lost == 0, "lost at \(report.losses) of \(report.timeline)", sourceLocation: sourceLocation)
    }

    @Test func `a drain says what moves where, and loses no request, nor does its end`() async throws {
      let announcer = try await self.lab.announcer(of: Self.address, service: "web")
      let planned = try await self.metallb("drain", announcer, "--dry-run", "-o", "json")
      #expect(planned.code == 0, "\(planned)")
      let plan = try #require(JSONSerialization.jsonObject(with: Data(planned.out.utf8)) as? [String: Any])
      #expect(plan["outcome"] as? String == "planned")
      let move = try #require((plan["moves"] as? [[String: Any]])?.first)
      let successor = try #require(move["to"] as? String)
      #expect(successor != announcer)
      #expect(move["addresses"] as? [String] == [Self.address])

      let probe = try await TrafficProbe(in: self.lab, for: Self.address, requestsPerSecond: 100)
      try await Task.sleep(for: .seconds(1))
      try await probe.mark()
      let drained = try await self.metallb("drain", announcer)
      #expect(drained.code == 0, "\(drained)")
      #expect(drained.out.contains("\(announcer) is drained: 1 Service handed over."), "\(drained)")
      #expect(drained.out.contains(successor), "\(drained)")
      try await eventually("\(successor) alone answers", equals: [successor]) {
        try await self.lab.answerers(Self.address)
      }
      // Nobody is left that could take over from all three.
      for node in self.lab.nodes where ![announcer, successor].contains(node) {
        #expect(try await self.metallb("drain", node).code == 0)
      }
      let refused = try await self.metallb("drain", successor)
      #expect(refused.code == 1 && refused.out.contains("would be announced by nobody"), "\(refused)")
      for node in self.lab.nodes where node != successor {
        #expect(try await self.metallb("drain", node, "--undo").out == "\(node) may announce again.\n")
      }
      #expect(try await self.awaitAnnouncer(otherThan: successor) == announcer)
      try await Task.sleep(for: .seconds(1))
      self.expectNothingLost(try await probe.stop())
      #expect(try await self.metallb("drain", announcer, "--undo").out == "\(announcer) is not drained.\n")
      #expect(try await self.metallb("drain", "node-9").code == 1)
    }

    @Test func `a label set by hand loses no request, and a drain leaves it alone`() async throws {
      let announcer = try await self.lab.announcer(of: Self.address, service: "web")
      let probe = try await TrafficProbe(in: self.lab, for: Self.address, requestsPerSecond: 100)
      try await Task.sleep(for: .seconds(1))
      try await probe.mark()
      try await self.kubectl("label", "node", announcer, "\(Self.label)=true")
      _ = try await self.awaitAnnouncer(otherThan: announcer)
      try await Task.sleep(for: .seconds(1))
      let undone = try await self.metallb("drain", announcer, "--undo")
      #expect(undone.code == 1 && undone.error.contains("excluded by somebody else"), "\(undone)")
      try await self.kubectl("label", "node", announcer, "\(Self.label)-")
      #expect(try await self.awaitAnnouncer(otherThan: nil) != "")
      try await Task.sleep(for: .seconds(1))
      self.expectNothingLost(try await probe.stop())
    }

    /// A wire between the nodes and the client on which nodes have no address; its end at the client is `lan0`.
    private func stringWire() async throws {
      let client = self.lab.namespace(of: "client")
      func ip(_ host: String, _ command: String) async throws {
        _ = try await self.lab.exec(host, "sh", "-c", "ip \(command)").expectSuccess()
      }
      try await ip("client", "link add lan0 type bridge")
      try await ip("client", "address add 198.18.9.1/24 dev lan0")
      try await ip("client", "link set lan0 up")
      for (number, node) in self.lab.nodes.enumerated() {
        try await ip(node, "link add lan0 type veth peer name lan\(number + 1) netns \(client)")
        try await ip(node, "link set lan0 up")
        try await ip("client", "link set lan\(number + 1) up master lan0")
      }
    }

    @Test func `on a network that only addresses of Services are on, nodes know each other, and nobody fights`()
      async throws
    {
      try await self.stringWire()
      try await self.kubectl.apply(
        Manifest.pool("lan", "192.168.43.0/24"),
        Manifest.advertisement("lan", pools: "lan", extra: "interfaces: [lan0]"),
        Manifest.service("lan", spec: "loadBalancerIP: 192.168.43.0"))
      let announcer = try await eventually("a node announces") {
        try await self.kubectl(
          "get", "servicel2statuses", "--namespace=metallb-system", "--selector=metallb.io/service-name=lan",
          "--output=jsonpath={.items[*].status.node}")
      } isRight: {
        self.lab.nodes.contains($0)
      }
      #expect(try await self.metallb("drain", announcer).code == 0)
      #expect(try await self.metallb("drain", announcer, "--undo").code == 0)
      try await Task.sleep(for: .seconds(3))
      let events = try await self.kubectl.events(about: "lan").map(\.reason)
      #expect(events.filter { $0 == "nodeAssigned" }.count > 1)
      #expect(!events.contains("addressContested"), "\(events)")
      _ = try await self.lab.exec("client", "ip", "link", "delete", "lan0")
      for node in self.lab.nodes { _ = try await self.lab.exec(node, "ip", "link", "delete", "lan0") }
    }

    @Test func `a speaker that is told to end loses no request`() async throws {
      let announcer = try await self.lab.announcer(of: Self.address, service: "web")
      let probe = try await TrafficProbe(in: self.lab, for: Self.address, requestsPerSecond: 100)
      try await Task.sleep(for: .seconds(1))
      try await probe.mark()
      try await self.kubectl(
        "delete", "pod", "--namespace=metallb-system", "--selector=component=speaker",
        "--field-selector=spec.nodeName=\(announcer)")
      // The successor has had the address; its speaker being back, the node takes it again.
      try await self.kubectl("rollout", "status", "--namespace=metallb-system", "daemonset/speaker", "--timeout=30s")
      #expect(try await self.awaitAnnouncer() != "")
      try await Task.sleep(for: .seconds(2))
      self.expectNothingLost(try await probe.stop())
    }
  }
}
