import Foundation
import Harness
import Testing

extension Everything.Aside.Networks {
  /// Our member among those of others: serf agents, in which HashiCorp's memberlist is.
  @Suite(.timeLimit(.minutes(2)))
  struct GossipTests {
    /// The key that MetalLB makes of a secret.
    static let secret = "abcdefghijklmnopqrstuv"
    static let key = Array(secret.utf8) + [0xE3, 0xB0, 0xC4, 0x42, 0x98, 0xFC, 0x1C, 0x14, 0x9A, 0xFB]

    /// Three hosts on one segment.
    private struct Rack {
      let hosts: [NetworkHost]
      let ports: [NetworkPort]

      init(_ network: TestNetwork) async throws {
        let segment = try await network.addSegment("rack")
        var (hosts, ports): ([NetworkHost], [NetworkPort]) = ([], [])
        for (index, name) in ["ours", "alpha", "beta"].enumerated() {
          let host = try await network.addHost(name)
          ports.append(try await segment.plug(host, "198.18.1.\(index + 1)/24", "2001:db8:1::\(index + 1)/64"))
          hosts.append(host)
        }
        (self.hosts, self.ports) = (hosts, ports)
      }

      /// Our member; serf's application is of version 2 to 5.
      func member(_ arguments: String..., joining place: String = "198.18.1.2", at address: String = "198.18.1.1")
        throws -> GossipProbe
      {
        GossipProbe(
          process: try self.hosts[0].start(
            [try Tool.metallb(), "gossip", place, "--bind", address, "--name", "ours", "--delegate-versions", "2,5,5"]
              + arguments))
      }
    }

    /// A directory with the file that the Secret's volume would have.
    private func secretDirectory(_ secret: String) throws -> String {
      let directory = Workspace.current.newDirectory("secret")
      try secret.write(to: directory.appendingPathComponent("secretkey"), atomically: false, encoding: .utf8)
      return directory.path
    }

    private func awaitStatus(
      _ status: String, of member: String, at agent: SerfAgent, within limit: Duration = .seconds(20)
    )
      async throws
    {
      try await eventually("\(agent.name) holds \(member) for \(status)", within: limit) {
        try await agent.members()
      } isRight: {
        $0[member] == status
      }
    }

    @Test(arguments: [("198.18.1.", "198.18.1.1"), ("[2001:db8:1::", "2001:db8:1::1")])
    func `serf agents and we see each other come, leave, die and return`(prefix: String, ours: String) async throws {
      try await TestNetwork.with { network in
        let rack = try await Rack(network)
        func address(_ number: Int) -> String { prefix.hasPrefix("[") ? "\(prefix)\(number)]" : "\(prefix)\(number)" }
        let alpha = try await SerfAgent.start(on: rack.hosts[1], "alpha", at: address(2))
        let first = try await SerfAgent.start(on: rack.hosts[2], "beta", at: address(3), joining: [address(2)])
        let member = try rack.member(joining: "\(address(2)):7946", at: ours)
        try await member.awaitLine("joined: alpha")
        try await member.awaitLine("joined: beta")
        try await member.awaitLine("joined: there are 2 other members")
        for agent in [alpha, first] { try await self.awaitStatus("alive", of: "ours", at: agent) }

        try await first.leave()
        try await member.awaitLine("left: beta")
        let told = member.lines.count
        let second = try await SerfAgent.start(on: rack.hosts[2], "beta", at: address(3), joining: [address(2)])
        try await member.awaitLine("joined: beta", after: told)
        try await self.awaitStatus("alive", of: "ours", at: second)
        second.kill()
        try await member.awaitLine("dead: beta", within: .seconds(25))
        #expect(await member.stop())
        // What serf calls left it has to be told by serf's own messages: the leave of memberlist alone is a failure to it,
        // but one without a suspicion before it.
        try await self.awaitStatus("failed", of: "ours", at: alpha)
        #expect(!alpha.log.contains("Suspect ours"))
        let accusations = member.lines.filter { $0.contains("did not hear us") || $0.hasPrefix("dead: alpha") }
        #expect(accusations == [])
      }
    }

    @Test func `an encrypted group bears loss without a false word, and is one again a second after a cut`()
      async throws
    {
      try await TestNetwork.with { network in
        let rack = try await Rack(network)
        let alpha = try await SerfAgent.start(on: rack.hosts[1], "alpha", at: "198.18.1.2", key: Self.key)
        let beta = try await SerfAgent.start(
          on: rack.hosts[2], "beta", at: "198.18.1.3", joining: ["198.18.1.2"], key: Self.key)
        let member = try rack.member("--secret-key-path", try self.secretDirectory(Self.secret))
        try await member.awaitLine("joined: there are 2 other members")
        for agent in [alpha, beta] { try await self.awaitStatus("alive", of: "ours", at: agent) }
        try await rack.ports[0].lose(percent: 3)
        try await stays("everybody is alive", equals: ["alive", "alive", "alive"], during: .seconds(8)) {
          try await alpha.members().values.sorted()
        }
        #expect(member.lines.filter { $0.hasPrefix("dead") } == [])
        try await rack.ports[0].lose(percent: 0)

        try await rack.ports[0].silence()
        for name in ["alpha", "beta"] { try await member.awaitLine("dead: \(name)", within: .seconds(30)) }
        for agent in [alpha, beta] { try await self.awaitStatus("failed", of: "ours", at: agent, within: .seconds(30)) }
        let told = member.lines.count
        try await rack.ports[0].heal()
        let healedAt = ContinuousClock.now
        for name in ["alpha", "beta"] { try await member.awaitLine("joined: \(name)", after: told) }
        for agent in [alpha, beta] { try await self.awaitStatus("alive", of: "ours", at: agent) }
        // serf itself would try again after half a minute.
        #expect(ContinuousClock.now - healedAt < .seconds(10))
        #expect(await member.stop())
      }
    }

    @Test func `a node whose firewall or routes refuse datagrams for a moment is heard as before after it`()
      async throws
    {
      try await TestNetwork.with { network in
        let rack = try await Rack(network)
        let alpha = try await SerfAgent.start(on: rack.hosts[1], "alpha", at: "198.18.1.2")
        let member = try rack.member()
        try await member.awaitLine("joined: there is 1 other member")
        try await self.awaitStatus("alive", of: "ours", at: alpha)
        let link = rack.ports[0].interface
        for (refusal, end) in [
          (
            "nft 'add table ip refusal; add chain ip refusal out { type filter hook output priority 0; }; "
              + "add rule ip refusal out udp dport 7946 drop'", "nft delete table ip refusal"
          ),
          (
            "ip route del 198.18.1.0/24 dev \(link)", "ip route add 198.18.1.0/24 dev \(link) src 198.18.1.1"
          ),
        ] {
          _ = try await rack.hosts[0].run("sh", "-c", refusal).expectSuccess()
          try await Task.sleep(for: .seconds(2))
          _ = try await rack.hosts[0].run("sh", "-c", end).expectSuccess()
          // A ping over a stream saves who is not reached by datagrams, and memberlist complains of it each second.
          try await eventually("nobody complains for three seconds after \(refusal)", equals: false) {
            let told = alpha.log.count
            try await Task.sleep(for: .seconds(3))
            return alpha.log.dropFirst(told).contains("probes failed")
          }
        }
        #expect(await member.stop())
      }
    }

    @Test func `who has another key, or none, is not let in`() async throws {
      try await TestNetwork.with { network in
        let rack = try await Rack(network)
        let alpha = try await SerfAgent.start(on: rack.hosts[1], "alpha", at: "198.18.1.2", key: Self.key)
        for arguments in [["--secret-key-path", try self.secretDirectory("another")], []] {
          let member = GossipProbe(
            process: try rack.hosts[0].start(
              [try Tool.metallb(), "gossip", "198.18.1.2", "--bind", "198.18.1.1", "--name", "ours", "--for", "3"]
                + arguments))
          #expect(try await member.process.output(within: .seconds(15)).code == 1)
          #expect(member.lines.contains("nobody answers"), "\(member.lines)")
        }
        #expect(try await alpha.members() == ["alpha": "alive"])
      }
    }
  }
}
