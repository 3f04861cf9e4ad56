import Harness
import Testing

extension Everything.Clusters {
  /// A node's second interface, through all that may happen to it while addresses are announced.
  @Suite(.lab(nodes: 1), .timeLimit(.minutes(3)))
  struct InterfaceTests {
    let lab: Lab
    let kubectl: Kubectl

    private static let address = "192.168.40.0"

    init() async throws {
      self.lab = try await Lab.fresh()
      self.kubectl = self.lab.kubectl
      try await self.kubectl.apply(
        Manifest.pool("pool", "192.168.40.0/24", "2001:db8:40::/120"), Manifest.advertisement("l2", pools: "pool"),
        Manifest.deployment("web"))
      try await self.kubectl("rollout", "status", "deployment/web", "--timeout=30s")
    }

    private func ip(_ host: String, _ commands: String...) async throws {
      for command in commands {
        _ = try await self.lab.exec(host, "sh", "-c", "ip \(command)").expectSuccess()
      }
    }

    /// A second wire between the node and the client, `eth1` at both ends; gone with either.
    private func plugIn() async throws {
      _ = try await self.lab.exec("node-1", "ip", "link", "delete", "eth1")
      let client = self.lab.namespace(of: "client")
      try await self.ip("node-1", "link add eth1 type veth peer name eth1 netns \(client)", "link set eth1 up")
      try await self.ip("client", "address add 198.18.9.1/24 dev eth1", "link set eth1 up")
    }

    private func hardware(_ interface: String) async throws -> String {
      try await self.lab.exec("node-1", "cat", "/sys/class/net/\(interface)/address").expectSuccess()
    }

    /// The hardware addresses that answer on the second wire.
    private func answers() async throws -> Set<String> {
      let output = try await self.lab.exec(
        "client", "arping", "-b", "-c", "2", "-w", "1", "-I", "eth1", Self.address)
      return Set(
        output.out.split(separator: "\n").compactMap { line in
          line.split(separator: "[").dropFirst().first?.split(separator: "]").first?.lowercased()
        })
    }

    private func expect(_ hardware: String?, _ what: String) async throws {
      try await eventually(what, equals: hardware.map { [$0] } ?? [], within: .seconds(15)) {
        try await self.answers()
      }
    }

    @Test func `an address follows what happens to an interface while it is announced`() async throws {
      try await self.kubectl.apply(Manifest.service("web", spec: "loadBalancerIP: \(Self.address)"))
      try await self.lab.awaitAddress(Self.address, of: "web")
      try await self.plugIn()
      try await self.expect(try await self.hardware("eth1"), "an interface that comes is announced on")

      let capture = try self.lab.start(
        "client", "tcpdump", "-i", "eth1", "-l", "-n", "-e", "arp", "and", "arp[14:4]", "=", "0xc0a82800")
      try await eventually("tcpdump listens") {
        capture.standardError
      } isRight: {
        $0.contains("listening on")
      }
      try await self.ip("node-1", "link set eth1 address 02:00:00:00:99:01")
      try await eventually("the new hardware address is told unasked") {
        capture.standardOutput
      } isRight: {
        $0.contains("02:00:00:00:99:01 > ff:ff:ff:ff:ff:ff")
      }
      await capture.stop()
      try await self.expect("02:00:00:00:99:01", "it is also answered with")

      try await self.ip("node-1", "link set eth1 down", "link set eth1 name veth7", "link set veth7 up")
      try await self.expect(nil, "an interface whose name is on the list of excluded ones is left out")
      try await self.ip("node-1", "link set veth7 down", "link set veth7 name lan1", "link set lan1 up")
      try await self.expect("02:00:00:00:99:01", "an interface is announced on by whatever other name")

      try await self.ip("node-1", "link set lan1 arp off")
      try await self.expect(nil, "without address resolution there is nothing to answer")
      try await self.ip("node-1", "link set lan1 arp on")
      try await self.expect("02:00:00:00:99:01", "with it there is")

      try await self.ip(
        "node-1", "link add lanbr type bridge forward_delay 0", "link set lanbr address 02:00:00:00:99:02",
        "link set lanbr up", "link set lan1 master lanbr")
      try await self.expect("02:00:00:00:99:02", "a bridge answers for its members")
      try await self.ip("node-1", "link set lan1 nomaster", "link delete lanbr")
      try await self.expect("02:00:00:00:99:01", "a former member answers for itself")

      try await self.ip("node-1", "link delete lan1")
      try await self.lab.awaitAnswer(from: Self.address)
      try await eventually("the other interface is announced on as before", equals: 1) {
        try await self.lab.arping(Self.address, count: 1).count
      }
    }

    @Test func `an advertisement may name an interface that comes later`() async throws {
      _ = try await self.lab.exec("node-1", "ip", "link", "delete", "eth1")
      try await self.kubectl.apply(
        Manifest.advertisement("l2", pools: "pool", extra: "interfaces: [eth1]"),
        Manifest.service("web", spec: "loadBalancerIP: \(Self.address)"))
      try await self.lab.awaitAddress(Self.address, of: "web")
      #expect(try await self.lab.arping(Self.address, count: 1) == [])
      try await self.plugIn()
      try await self.expect(try await self.hardware("eth1"), "the interface is announced on")
      #expect(try await self.lab.arping(Self.address, count: 1) == [])
      try await self.ip("node-1", "link delete eth1")
    }

    /// A socket has room for so many groups as the kernel grants it memory; with a thirtieth of that, as many sockets are
    /// needed for 160 addresses as for 5,000.
    @Test func `more IPv6 addresses than one socket has room for are all answered for`() async throws {
      let room = try await self.lab.exec("node-1", "sysctl", "-n", "net.core.optmem_max").expectSuccess()
      _ = try await self.lab.exec("node-1", "sysctl", "-w", "net.core.optmem_max=4096").expectSuccess()
      let services = (1...160).map { index in
        Manifest.service(
          "web-\(index)", spec: "ipFamilies: [IPv6]\nloadBalancerIP: \"2001:db8:40::\(String(index, radix: 16))\"")
      }
      try await self.kubectl.apply(services.joined(separator: "\n---\n"))
      try await eventually("the last is answered for", within: .seconds(90)) {
        try await self.lab.exec("client", "ndisc6", "-1", "-r", "1", "-w", "500", "2001:db8:40::a0", "eth0").code
      } isRight: {
        $0 == 0
      }
      let silent = try await self.lab.exec(
        "client", "sh", "-c",
        "for i in $(seq 1 160); do a=2001:db8:40::$(printf %x $i); ndisc6 -1 -q -r 5 -w 500 $a eth0 >/dev/null || echo $a; done",
        within: .seconds(60))
      #expect(silent.out == "")
      let groups = try await self.lab.exec(
        "node-1", "sh", "-c", "grep -c eth0.*ff0200000000000000000001ff /proc/net/igmp6"
      )
      .expectSuccess()
      #expect(try #require(Int(groups)) >= 160)
      _ = try await self.lab.exec("node-1", "sysctl", "-w", "net.core.optmem_max=\(room)")
    }

    @Test func `a speaker that is told so hears all that its interfaces do, and lets them be when it ends`()
      async throws
    {
      func isPromiscuous() async throws -> Bool {
        let flags = try await self.lab.exec("node-1", "cat", "/sys/class/net/eth0/flags").expectSuccess()
        return (Int(flags.dropFirst(2), radix: 16) ?? 0) & 0x100 != 0
      }
      func setFlag(_ operation: String) async throws {
        try await self.kubectl(
          "patch", "daemonset/speaker", "--namespace=metallb-system", "--type=json",
          "--patch=[{\"op\": \"\(operation)\", \"path\": \"/spec/template/spec/containers/0/args/1\", \"value\": \"--l2-promiscuous\"}]"
        )
        try await self.kubectl("rollout", "status", "--namespace=metallb-system", "daemonset/speaker", "--timeout=40s")
      }
      #expect(try await !isPromiscuous())
      try await setFlag("add")
      try await eventually("eth0 passes all frames", equals: true) { try await isPromiscuous() }
      try await self.kubectl.apply(Manifest.service("web", spec: "loadBalancerIP: \(Self.address)"))
      try await self.lab.awaitAnswer(from: Self.address)
      // A client that still knows where the address was needs no answer to ask for pages.
      try await eventually("the address is asked for with success", equals: 1) {
        try await self.lab.arping(Self.address, count: 1).count
      }
      let answers = try await self.lab.arping(Self.address, count: 2)
      #expect(answers.count == 2, "\(answers)")
      try await setFlag("remove")
      try await eventually("eth0 filters again", equals: false) { try await isPromiscuous() }
    }
  }
}
