import Foundation
import Harness
import Testing

extension Everything.Clusters {
  /// Owners that stay, and loads that are levelled, where an L2Advertisement asks for it: with the processes, the API
  /// server and the network of a real cluster.
  @Suite(.lab(nodes: 3), .timeLimit(.minutes(5)))
  struct StayingOwnerTests {
    let lab: Lab
    let kubectl: Kubectl

    static let address = "192.168.42.0"

    init() async throws {
      self.lab = try await Lab.fresh()
      self.kubectl = self.lab.kubectl
      try await self.kubectl.apply(
        Manifest.pool("pool", "192.168.42.0/24"), Manifest.deployment("web", replicas: 3))
      try await self.kubectl("rollout", "status", "deployment/web", "--timeout=30s")
    }

    private func advertise(_ policy: String) async throws {
      try await self.kubectl.apply(Manifest.advertisement("l2", pools: "pool", extra: policy))
    }

    /// The nodes that have claimed each Service.
    private func claims() async throws -> [String: [String]] {
      let text = try await self.kubectl(
        "get", "servicel2statuses", "--namespace=metallb-system",
        #"--output=jsonpath={range .items[*]}{.status.serviceName}={.status.node}{"\n"}{end}"#)
      let pairs = text.split(separator: "\n").map { $0.split(separator: "=").map(String.init) }.filter { $0.count == 2 }
      return Dictionary(grouping: pairs) { $0[0] }.mapValues { $0.map { $0[1] } }
    }

    private func awaitAnswer(from node: String, within limit: Duration = .seconds(20)) async throws {
      try await eventually("\(node) alone answers", equals: [node], within: limit) {
        try await self.lab.answerers(Self.address)
      }
    }

    private func metallb(_ arguments: String...) async throws -> Output {
      try await run([try Tool.metallb()] + arguments + ["--kubeconfig", self.lab.kubeconfig], within: .seconds(70))
    }

    /// The one node that answers instead of another one, as soon as it does.
    private func successor(of node: String) async throws -> String {
      let answerers = try await eventually("another node than \(node) answers") {
        try await self.lab.answerers(Self.address)
      } isRight: {
        $0.count == 1 && $0 != [node]
      }
      return try #require(answerers.first)
    }

    @Test func `a node that lost its power has its address back after the hold-down, and nobody notices`() async throws
    {
      // What is announced already goes on as it is.
      try await self.advertise("")
      try await self.kubectl.apply(Manifest.service("web"))
      let first = try await self.lab.announcer(of: Self.address, service: "web")
      try await self.advertise("electionPolicy: Sticky\nholdDown: 20s")
      let started = ContinuousClock.now
      try await self.lab.kill(first)
      let second = try await self.successor(of: first)
      try await self.lab.heal(first)
      try await eventually("the speaker of \(first) runs again", within: .seconds(40)) {
        try await self.kubectl(
          "get", "pods", "--namespace=metallb-system", "--selector=component=speaker",
          "--field-selector=spec.nodeName=\(first)", "--output=jsonpath={.items[*].status.phase}")
      } isRight: {
        $0.contains("Running")
      }
      let probe = try await TrafficProbe(in: self.lab, for: Self.address, requestsPerSecond: 100)
      try await probe.mark()
      try await Task.sleep(for: .seconds(8))
      #expect(try await self.lab.answerers(Self.address) == [second], "it has not been back for the hold-down")
      try await self.awaitAnswer(from: first, within: .seconds(40))
      #expect(ContinuousClock.now - started > .seconds(20))
      try await Task.sleep(for: .seconds(1))
      let report = try await probe.stop()
      #expect(report.lost == 0, "lost at \(report.losses) of \(report.timeline)")
      #expect(report.longestDouble <= 1.5 + report.stall, "\(report.doubleAt)")
      try await eventually("\(first) is told to announce it") {
        try await self.metallb("explain", "service", "web").out
      } isRight: {
        $0.contains(first)
      }
    }

    @Test func `a drain under Sticky loses no request, and its end moves nothing back`() async throws {
      try await self.advertise("electionPolicy: Sticky")
      try await self.kubectl.apply(Manifest.service("web"))
      let first = try await self.lab.announcer(of: Self.address, service: "web")
      let probe = try await TrafficProbe(in: self.lab, for: Self.address, requestsPerSecond: 100)
      try await Task.sleep(for: .seconds(1))
      try await probe.mark()
      let drained = try await self.metallb("drain", first)
      #expect(drained.code == 0, "\(drained)")
      let second = try await self.successor(of: first)
      #expect(try await self.metallb("drain", first, "--undo").code == 0)
      try await Task.sleep(for: .seconds(8))
      #expect(try await self.lab.answerers(Self.address) == [second])
      // And again from there.
      #expect(try await self.metallb("drain", second).code == 0)
      #expect(try await self.metallb("drain", second, "--undo").code == 0)
      try await Task.sleep(for: .seconds(1))
      let report = try await probe.stop()
      #expect(report.requests > 500)
      #expect(report.lost == 0, "lost at \(report.losses) of \(report.timeline)")
      try await eventually("one node claims it") {
        try await self.claims().values
      } isRight: { claims in
        claims.allSatisfy { $0.count == 1 }
      }
    }

    @Test func `nine Services are spread over three nodes, over two when one dies, and over three again`() async throws
    {
      try await self.advertise("electionPolicy: Balanced\nholdDown: 5s")
      let names = (1...9).map { "web-\($0)" }
      try await self.kubectl.apply(names.map { Manifest.service($0) }.joined(separator: "\n---\n"))
      func awaitLoads(_ what: String, on nodes: Int, within limit: Duration = .seconds(40)) async throws {
        try await eventually(what, within: limit) {
          try await self.claims()
        } isRight: { claims in
          let loads = Dictionary(grouping: claims.values.flatMap(\.self)) { $0 }.mapValues(\.count)
          return claims.count == 9 && claims.values.allSatisfy { $0.count == 1 } && loads.count == nodes
            && (loads.values.max() ?? 0) - (loads.values.min() ?? 0) <= 2
        }
      }
      try await awaitLoads("each has its share", on: 3)
      let victim = try #require(try await self.claims()["web-1"]?.first)
      try await self.lab.kill(victim)
      try await awaitLoads("the two left share", on: 2)
      try await self.lab.heal(victim)
      try await awaitLoads("all three share again", on: 3, within: .seconds(80))
      for number in 0..<9 {
        try await eventually("one node answers for 192.168.42.\(number)") {
          try await self.lab.answerers("192.168.42.\(number)")
        } isRight: {
          $0.count == 1
        }
      }
    }
  }
}
