import Foundation
import Harness
import Testing

extension Everything.Clusters {
  /// The speakers of a cluster as one group: who is in it, who is not let in, and what becomes of it when it is torn.
  @Suite(.lab(nodes: 3), .timeLimit(.minutes(4)))
  struct GossipClusterTests {
    let lab: Lab
    let kubectl: Kubectl

    static let address = "192.168.40.0"

    init() async throws {
      self.lab = try await Lab.fresh()
      self.kubectl = self.lab.kubectl
      try await self.kubectl.apply(
        Manifest.pool("pool", "192.168.40.0/24"), Manifest.advertisement("l2", pools: "pool"),
        Manifest.deployment("web", replicas: 3))
      try await self.kubectl("rollout", "status", "deployment/web", "--timeout=30s")
      try await self.kubectl.apply(Manifest.service("web"))
      try await self.lab.awaitAddress(Self.address, of: "web")
    }

    // MARK: - Members

    /// The speakers' secret, in a directory as its volume has it.
    private func secretDirectory() async throws -> String {
      let text = try await self.kubectl.field(".data.secretkey", of: "secret/memberlist", in: "metallb-system")
      let directory = Workspace.current.newDirectory("secret")
      try #require(Data(base64Encoded: text)).write(to: directory.appendingPathComponent("secretkey"))
      return directory.path
    }

    private func internalAddress(of node: String) async throws -> String {
      try await self.kubectl("get", "node", node, "--output=jsonpath={.status.addresses[0].address}")
    }

    /// A bare member on a node that joins the speaker of that node.
    private func member(on node: String, secret: String?, _ arguments: String...) async throws -> GossipProbe {
      let address = try await self.internalAddress(of: node)
      return GossipProbe(
        process: try ChildProcess(
          [
            try Tool.metallb(), "lab", "exec", "--name", self.lab.name, node, "--", try Tool.metallb(), "gossip",
            address, "--bind", address, "--name", "watcher",
          ] + (secret.map { ["--secret-key-path", $0] } ?? []) + arguments))
    }

    private func awaitAll(_ member: GossipProbe) async throws {
      for node in self.lab.nodes { try await member.awaitLine("joined: \(node)") }
    }

    @Test func `a bare member sees all speakers, and one that is paused or cut off die and return`() async throws {
      let member = try await self.member(on: "node-1", secret: try await self.secretDirectory())
      try await self.awaitAll(member)
      #expect(member.lines.contains { $0.hasPrefix("joined: node-3") && $0.hasSuffix("can be watched") })

      try await self.lab.signalSpeaker(on: "node-3", SIGSTOP)
      try await member.awaitLine("dead: node-3", within: .seconds(30))
      var told = member.lines.count
      try await self.lab.signalSpeaker(on: "node-3", SIGCONT)
      try await member.awaitLine("joined: node-3", after: told, within: .seconds(10))

      told = member.lines.count
      try await self.lab.cut("node-2")
      try await member.awaitLine("dead: node-2", after: told, within: .seconds(30))
      told = member.lines.count
      try await self.lab.heal("node-2")
      try await member.awaitLine("joined: node-2", after: told, within: .seconds(10))
      #expect(await member.stop())
    }

    @Test func `nobody is let in without the key, and a new key holds once all speakers have started anew`()
      async throws
    {
      let old = try await self.secretDirectory()
      let stranger = try await self.member(on: "node-1", secret: nil, "--for", "3")
      #expect(try await stranger.process.output(within: .seconds(15)).code == 1)

      let secret = Data("another-key-of-22-chars".utf8).base64EncodedString()
      try await self.kubectl(
        "patch", "secret", "memberlist", "--namespace=metallb-system", "--type=merge",
        "--patch", #"{"data": {"secretkey": "\#(secret)"}}"#)
      try await self.kubectl("delete", "pods", "--namespace=metallb-system", "--selector=component=speaker")
      try await self.kubectl("rollout", "status", "daemonset/speaker", "--namespace=metallb-system", "--timeout=60s")
      let member = try await self.member(on: "node-1", secret: try await self.secretDirectory())
      try await self.awaitAll(member)
      #expect(await member.stop())
      let outdated = try await self.member(on: "node-1", secret: old, "--for", "3")
      #expect(try await outdated.process.output(within: .seconds(15)).code == 1)
      try await self.lab.awaitAnswer(from: Self.address)
    }

    /// memberlist's settings, twice as fast as those for local networks, and with half the patience.
    private static let settings = """
      {"TCPTimeout": "10s", "IndirectChecks": 3, "RetransmitMult": 4, "SuspicionMult": 2, "SuspicionMaxTimeoutMult": 1,
       "PushPullInterval": "30s", "ProbeTimeout": "250ms", "ProbeInterval": "500ms", "DisableTcpPings": false,
       "AwarenessMaxMultiplier": 8, "GossipNodes": 3, "GossipInterval": "100ms", "GossipToTheDeadTime": "30s",
       "GossipVerifyIncoming": true, "GossipVerifyOutgoing": true, "EnableCompression": true,
       "HandoffQueueDepth": 1024, "UDPBufferSize": 1400, "QueueCheckInterval": "30s"}
      """

    @Test func `a settings file sets the pace of the speakers`() async throws {
      let file = try Workspace.current.file("config.json", Self.settings)
      try await self.kubectl(
        "create", "configmap", "metallb-memberlist-config", "--namespace=metallb-system",
        "--from-file=config.json=\(file)")
      try await self.restartSpeakers()
      // This member keeps the usual pace, at which it would need five seconds at least: it is told by the speakers.
      let member = try await self.member(on: "node-1", secret: try await self.secretDirectory())
      try await self.awaitAll(member)
      try await Task.sleep(for: .seconds(1))
      let told = member.lines.count
      try await self.lab.cut("node-2")
      try await member.awaitLine("dead: node-2", after: told, within: .seconds(5))
      try await self.lab.heal("node-2")
      #expect(await member.stop())
      try await self.kubectl("delete", "configmap", "metallb-memberlist-config", "--namespace=metallb-system")
      try await self.restartSpeakers()
    }

    private func restartSpeakers() async throws {
      try await self.kubectl("rollout", "restart", "daemonset/speaker", "--namespace=metallb-system")
      try await self.kubectl(
        "rollout", "status", "daemonset/speaker", "--namespace=metallb-system", "--timeout=60s", within: .seconds(70))
    }

    // MARK: - Owners

    @Test func `an owner that the others lost for long is one with them again within a second`() async throws {
      let owner = try await self.lab.announcer(of: Self.address, service: "web")
      let hardware = try await self.lab.hardwareAddress(of: owner)
      let probe = try await TrafficProbe(in: self.lab, for: Self.address)
      // The carrier stays: each side believes that it is the other one that is gone.
      try await self.lab.drop("iifname \(owner)", "oifname \(owner)")
      try await Task.sleep(for: .seconds(14))
      try await self.lab.drop()
      try await probe.mark()
      try await Task.sleep(for: .seconds(6))
      let report = try await probe.stop()
      #expect(
        report.timeline.contains { $0.at < 0 && $0.hardware != hardware }, "somebody took over: \(report.timeline)")
      #expect(report.lastOwner == hardware)
      #expect(
        (report.lastDoubleAt ?? 0) <= 1.5 + report.stall, "two owners at \(report.doubleAt), \(report.timeline)")
    }

    @Test func `speakers that all start at once never have two owners`() async throws {
      _ = try await self.lab.announcer(of: Self.address, service: "web")
      let probe = try await TrafficProbe(in: self.lab, for: Self.address)
      try await probe.mark()
      for node in self.lab.nodes { try await self.lab.signalSpeaker(on: node, SIGKILL) }
      try await Task.sleep(for: .seconds(8))
      let report = try await probe.stop()
      #expect(report.lastOwner != nil)
      // One that hands an address over answers until it hears the next one.
      #expect(report.longestDouble <= 1 + report.stall, "two owners at \(report.doubleAt), \(report.timeline)")
    }
  }
}
