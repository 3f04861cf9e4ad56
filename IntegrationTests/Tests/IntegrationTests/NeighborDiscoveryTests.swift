import Foundation
import Harness
import Testing

extension Everything.Clusters {
  /// IPv6 and dual-stack Services from end to end, with ndisc6 and tcpdump as judges of the frames.
  @Suite(.lab(nodes: 2), .timeLimit(.minutes(3)))
  struct NeighborDiscoveryTests {
    let lab: Lab
    let kubectl: Kubectl

    static let address = "2001:db8:40::1"

    init() async throws {
      self.lab = try await Lab.fresh()
      self.kubectl = self.lab.kubectl
      try await self.kubectl.apply(
        Manifest.pool("pool", "192.168.40.0/24", "2001:db8:40::1-2001:db8:40::ff"),
        Manifest.advertisement("l2", pools: "pool"), Manifest.deployment("web", replicas: 2))
      try await self.kubectl("rollout", "status", "deployment/web", "--timeout=30s")
    }

    /// The hardware addresses that answer for an address, as `ndisc6` hears them.
    private func ndisc6(_ address: String = Self.address) async throws -> Set<String> {
      let output = try await self.lab.exec("client", "ndisc6", "-m", "-r", "1", "-w", "500", address, "eth0")
      return Set(
        output.out.split(separator: "\n").compactMap { line in
          line.hasPrefix("Target link-layer address:")
            ? line.split(separator: " ").last.map { $0.lowercased() } : nil
        })
    }

    private func answerers() async throws -> Set<String> {
      var names: [String: String] = [:]
      for node in self.lab.nodes { names[try await self.lab.hardwareAddress(of: node)] = node }
      return Set(try await self.ndisc6().map { names[$0] ?? $0 })
    }

    @Test func `an IPv6 Service is answered for by one node, and reached`() async throws {
      try await self.kubectl.apply(Manifest.service("web", spec: "ipFamilies: [IPv6]"))
      try await self.lab.awaitAddress(Self.address, of: "web")
      try await eventually("one node answers") {
        try await self.answerers()
      } isRight: {
        $0.count == 1
      }
      #expect(try await self.ndisc6("2001:db8:40::2") == [])
      try await self.lab.awaitAnswer(from: "[\(Self.address)]")
      try await self.kubectl("delete", "service", "web")
      try await eventually("nobody answers any more", equals: []) { try await self.ndisc6() }
    }

    @Test func `a dual-stack Service has both addresses on the same node, and is reached at either`() async throws {
      try await self.kubectl.apply(Manifest.service("web", spec: "ipFamilyPolicy: RequireDualStack"))
      try await eventually("web has both", equals: ["192.168.40.0", Self.address], within: .seconds(30)) {
        try await self.kubectl.addresses(of: "web")
      }
      let announcer = try await self.lab.announcer(of: "192.168.40.0", service: "web")
      try await eventually("\(announcer) alone answers", equals: [announcer]) { try await self.answerers() }
      try await self.lab.awaitAnswer(from: "192.168.40.0")
      try await self.lab.awaitAnswer(from: "[\(Self.address)]")
      // A node that dies takes neither with it.
      try await self.lab.kill(announcer)
      try await eventually("the other node answers", within: .seconds(20)) {
        try await self.answerers()
      } isRight: {
        $0.count == 1 && !$0.contains(announcer)
      }
      try await self.lab.awaitAnswer(from: "[\(Self.address)]")
      try await self.lab.heal(announcer)
    }

    @Test func `a host that would take the address is told that it is taken`() async throws {
      try await self.kubectl.apply(Manifest.service("web", spec: "ipFamilies: [IPv6]"))
      try await self.lab.awaitAddress(Self.address, of: "web")
      try await eventually("one node answers") {
        try await self.answerers()
      } isRight: {
        $0.count == 1
      }
      _ = try await self.lab.exec(
        "router", "sh", "-c",
        "sysctl -qw net.ipv6.conf.all.accept_dad=1 && ip address add \(Self.address)/64 dev eth0"
      ).expectSuccess()
      try await eventually("the kernel gives it up") {
        try await self.lab.exec("router", "ip", "-6", "address", "show", "dev", "eth0", "dadfailed").out
      } isRight: {
        $0.contains(Self.address)
      }
      _ = try await self.lab.exec("router", "ip", "address", "del", "\(Self.address)/64", "dev", "eth0").expectSuccess()
    }

    @Test func `a new address is told to all nodes, in frames that tcpdump finds right`() async throws {
      let capture = try self.lab.start(
        "client", "tcpdump", "-i", "eth0", "-l", "-n", "-e", "-v", "icmp6", "and", "ip6[40]", "=", "136", "and", "dst",
        "host", "ff02::1")
      try await eventually("tcpdump listens") {
        capture.standardError
      } isRight: {
        $0.contains("listening on")
      }
      try await self.kubectl.apply(Manifest.service("web", spec: "ipFamilies: [IPv6]"))
      let line = try await eventually("an advertisement arrives") {
        capture.standardOutput.replacingOccurrences(of: "\n\t", with: " ").split(separator: "\n")
          .first { $0.contains("tgt is \(Self.address),") }.map(String.init)
      } isRight: {
        $0 != nil
      }
      await capture.stop()
      let frame = try #require(line)
      for part in ["> 33:33:00:00:00:01", "hlim 255", "[icmp6 sum ok]", "Flags [override]"] {
        #expect(frame.contains(part), "\(frame)")
      }
    }
  }
}
