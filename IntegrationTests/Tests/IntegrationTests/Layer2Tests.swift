import Foundation
import Harness
import Testing

extension Everything.Clusters {
  /// What goes over the wire: who answers for an address, who tells of it, who takes it over.
  @Suite(.lab(nodes: 3), .timeLimit(.minutes(3)))
  struct Layer2Tests {
    let lab: Lab
    let kubectl: Kubectl

    static let address = "192.168.40.0"

    init() async throws {
      self.lab = try await Lab.fresh()
      self.kubectl = self.lab.kubectl
      try await self.kubectl("label", "nodes", "--all", "node.kubernetes.io/exclude-from-external-load-balancers-")
      try await self.kubectl.apply(
        Manifest.pool("pool", "192.168.40.0/24"), Manifest.advertisement("l2", pools: "pool"),
        Manifest.deployment("web", replicas: 3))
      try await self.kubectl("rollout", "status", "deployment/web", "--timeout=30s")
    }

    /// Creates the Service and returns the node that announces it.
    private func expose(_ spec: String = "") async throws -> String {
      try await self.kubectl.apply(Manifest.service("web", spec: spec))
      try await self.lab.awaitAddress(Self.address, of: "web")
      return try await self.lab.announcer(of: Self.address, service: "web")
    }

    @Test func `exactly one node answers, every time, and for no other address`() async throws {
      let announcer = try await self.expose()
      let answers = try await self.lab.arping(Self.address, count: 5)
      #expect(answers == Array(repeating: try await self.lab.hardwareAddress(of: announcer), count: 5))
      #expect(try await self.lab.arping("192.168.40.1", count: 2) == [])
      try await self.kubectl("delete", "service", "web")
      try await eventually("nobody answers any more", equals: []) {
        try await self.lab.arping(Self.address, count: 1)
      }
    }

    @Test func `a new address is told to everybody for five seconds`() async throws {
      let capture = try self.lab.start(
        "client", "tcpdump", "-i", "eth0", "-l", "-n", "-e", "arp", "and", "arp[14:4]", "=", "0xc0a82800")
      try await eventually("tcpdump listens") {
        capture.standardError
      } isRight: {
        $0.contains("listening on")
      }
      try await self.kubectl.apply(Manifest.service("web"))
      try await eventually("somebody tells of it", within: .seconds(30)) {
        self.frames(capture)
      } isRight: {
        !$0.isEmpty
      }
      try await Task.sleep(for: .seconds(8))
      let early = self.frames(capture)
      try await Task.sleep(for: .seconds(3))
      await capture.stop()
      // Bursts of a request and a reply at once and then every 1.1 s until 5 s after the last cause: five, or two fewer where
      // the speaker is not let run all the while.
      #expect((6...24).contains(early.count), "\(early)")
      #expect(early.filter(\.isReply).count == early.count / 2)
      #expect(Set(early.map(\.source)).count == 1)
      #expect(self.frames(capture).count - early.count <= 2)
      let announcer = try await self.lab.announcer(of: Self.address, service: "web")
      #expect(early.first?.source == (try await self.lab.hardwareAddress(of: announcer)))
    }

    private struct Frame: Equatable {
      var source: String
      var isReply: Bool
    }

    /// The gratuitous frames of a capture: sender and target are the address itself.
    private func frames(_ capture: ChildProcess) -> [Frame] {
      capture.standardOutput.split(separator: "\n").compactMap { line in
        let words = line.split(separator: " ").map(String.init)
        guard words.count > 1 else { return nil }
        if line.contains("Reply \(Self.address) is-at") { return Frame(source: words[1], isReply: true) }
        let isRequest = line.contains("who-has \(Self.address)") && line.contains("tell \(Self.address)")
        return isRequest ? Frame(source: words[1], isReply: false) : nil
      }
    }

    @Test func `another node takes over when the announcer loses its power`() async throws {
      let announcer = try await self.expose()
      try await self.lab.awaitAnswer(from: Self.address)
      try await self.lab.kill(announcer)
      let successors = try await eventually("one other node answers", within: .seconds(20)) {
        try await self.lab.answerers(Self.address)
      } isRight: {
        $0.count == 1 && !$0.contains(announcer)
      }
      try await self.lab.awaitAnswer(from: Self.address)
      // A node that returns takes its addresses back: the election has no memory.
      try await self.lab.heal(announcer)
      try await eventually("\(announcer) alone answers again", equals: [announcer], within: .seconds(40)) {
        try await self.lab.answerers(Self.address)
      }
      #expect(!successors.contains(announcer))
      try await self.lab.awaitAnswer(from: Self.address)
    }

    @Test func `another node takes over when the announcer's cable is cut`() async throws {
      let announcer = try await self.expose()
      try await self.lab.cut(announcer)
      try await eventually("one other node answers", within: .seconds(20)) {
        try await self.lab.answerers(Self.address)
      } isRight: {
        $0.count == 1 && !$0.contains(announcer)
      }
      try await self.lab.awaitAnswer(from: Self.address)
      try await self.lab.heal(announcer)
      try await eventually("\(announcer) alone answers again", equals: [announcer], within: .seconds(90)) {
        try await self.lab.answerers(Self.address)
      }
    }

    @Test func `policy Local keeps the announcer where a pod is`() async throws {
      try await self.kubectl("scale", "deployment/web", "--replicas=1")
      try await eventually("one pod is left", within: .seconds(20)) {
        try await self.kubectl("get", "pods", "--selector=app=web", "--output=jsonpath={.items[*].spec.nodeName}")
      } isRight: {
        !$0.isEmpty && !$0.contains(" ")
      }
      let announcer = try await self.expose("externalTrafficPolicy: Local")
      let node = try await self.kubectl(
        "get", "pods", "--selector=app=web", "--output=jsonpath={.items[0].spec.nodeName}")
      #expect(announcer == node)
      try await self.lab.awaitAnswer(from: Self.address)
      try await self.kubectl("scale", "deployment/web", "--replicas=0")
      try await eventually("without a pod nobody answers", equals: []) {
        try await self.lab.arping(Self.address, count: 1)
      }
    }

    @Test func `an excluded node hands its addresses over`() async throws {
      let announcer = try await self.expose()
      try await self.kubectl("label", "node", announcer, "node.kubernetes.io/exclude-from-external-load-balancers=")
      try await eventually("one other node answers") {
        try await self.lab.answerers(Self.address)
      } isRight: {
        $0.count == 1 && !$0.contains(announcer)
      }
    }

    @Test func `node selectors decide who may announce`() async throws {
      for node in self.lab.nodes {
        let selector = "nodeSelectors:\n- matchLabels: {kubernetes.io/hostname: \(node)}"
        try await self.kubectl.apply(Manifest.advertisement("l2", pools: "pool", extra: selector))
        try await self.kubectl.apply(Manifest.service("web"))
        try await eventually("\(node) alone answers", equals: [node]) { try await self.lab.answerers(Self.address) }
      }
    }

    @Test func `an interface that the winner lacks is reported, and nobody answers`() async throws {
      try await self.kubectl.apply(Manifest.advertisement("l2", pools: "pool", extra: "interfaces: [bond7]"))
      try await self.kubectl.apply(Manifest.service("lacking", app: "web"))
      try await self.lab.awaitAddress(Self.address, of: "lacking")
      let pattern =
        #"the interfaces specified by LB IP "192.168.40.0" doesn't exist in assigned node "NODE" with protocol "layer2""#
      try await eventually("the event tells") {
        try await self.kubectl.events(about: "lacking")
      } isRight: { events in
        events.contains { event in
          event.type == "Warning" && event.reason == "announceFailed" && event.from == "metallb-speaker"
            && self.lab.nodes.contains { event.message == pattern.replacingOccurrences(of: "NODE", with: $0) }
        }
      }
      #expect(try await self.lab.arping(Self.address, count: 2) == [])
      #expect(try await self.kubectl.events(about: "lacking").contains { $0.reason == "nodeAssigned" } == false)
    }
  }
}
