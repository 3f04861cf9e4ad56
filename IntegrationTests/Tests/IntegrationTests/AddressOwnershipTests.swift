import Foundation
import Harness
import Testing

extension Everything.Clusters {
  /// An address has one owner on the wire: a stranger's is not taken, ours is not given away, and users learn of both.
  @Suite(.lab(nodes: 2), .timeLimit(.minutes(3)))
  struct AddressOwnershipTests {
    let lab: Lab
    let kubectl: Kubectl
    /// Of an account that may read the metrics.
    private let token: String

    init() async throws {
      self.lab = try await Lab.fresh()
      self.kubectl = self.lab.kubectl
      self.token = try await self.lab.scraperToken()
      try await self.kubectl.apply(
        Manifest.pool("pool", "192.168.40.0/24", "2001:db8:40::/120"), Manifest.advertisement("l2", pools: "pool"),
        Manifest.deployment("web", replicas: 1))
      try await self.kubectl("rollout", "status", "deployment/web", "--timeout=30s")
    }

    private func ip(_ words: String...) async throws {
      let command = (["ip"] + words).joined(separator: " ")
      _ = try await self.lab.exec("router", "sh", "-c", command).expectSuccess()
    }

    private func reasons(about service: String) async throws -> [String] {
      try await self.kubectl.events(about: service).map(\.reason)
    }

    private func awaitReason(_ reason: String) async throws {
      try await eventually("an event \(reason) tells") {
        try await self.reasons(about: "web")
      } isRight: {
        $0.contains(reason)
      }
    }

    private func counter(_ name: String, of address: String) async throws -> Double {
      var sum = 0.0
      for index in 1...self.lab.nodes.count {
        let page = try await self.lab.scrape(node: index, token: self.token)
        guard page.code == 200 else { throw HarnessError.notReady("node-\(index) shows no metrics: \(page)") }
        for line in page.text.split(separator: "\n") where line.hasPrefix("\(name){ip=\"\(address)\"}") {
          sum += line.split(separator: " ").last.flatMap { Double($0) } ?? 0
        }
      }
      return sum
    }

    @Test(arguments: [("192.168.40.0", "192.168.40.0/32"), ("2001:db8:40::1", "2001:db8:40::1/128")])
    func `an address that a stranger has is left to him until he gives it up`(
      address: String, onRouter: String
    ) async throws {
      try await self.ip("address", "add", onRouter, "dev", "eth0")
      let families = address.contains(":") ? "IPv6" : "IPv4"
      try await self.kubectl.apply(
        Manifest.service("web", spec: "loadBalancerIP: \"\(address)\"\nipFamilies: [\(families)]"))
      try await self.lab.awaitAddress(address, of: "web")
      let router = try await self.lab.hardwareAddress(of: "router")
      let warning = try await eventually("the event names the stranger") {
        try await self.kubectl.events(about: "web").first { $0.reason == "addressInUse" }
      } isRight: {
        $0 != nil
      }
      #expect(warning?.type == "Warning")
      #expect(warning?.message.hasPrefix("\(address) is already in use by \(router) on interface \"eth0\"") == true)
      try await eventually("it is counted", equals: 1) {
        try await self.counter("metallb_layer2_addresses_in_use", of: address)
      }
      #expect(try await self.counter("metallb_layer2_gratuitous_sent", of: address) == 0)
      #expect(try await !self.reasons(about: "web").contains("nodeAssigned"))

      try await self.ip("address", "del", onRouter, "dev", "eth0")
      try await self.lab.awaitAnswer(from: address.contains(":") ? "[\(address)]" : address, within: .seconds(25))
      try await self.awaitReason("nodeAssigned")
      try await eventually("it is counted no more", equals: 0) {
        try await self.counter("metallb_layer2_addresses_in_use", of: address)
      }
      try await self.kubectl("delete", "service", "web")
    }

    @Test func `whoever claims what is announced is counted, named, and answered at once`() async throws {
      try await self.kubectl.apply(Manifest.service("web", spec: "loadBalancerIP: 192.168.40.7"))
      try await self.lab.awaitAddress("192.168.40.7", of: "web")
      let announcer = try await self.lab.announcer(of: "192.168.40.7", service: "web")
      try await self.lab.awaitAnswer(from: "192.168.40.7")
      try await self.ip("address", "add", "192.168.40.7/32", "dev", "eth0")
      _ = try await self.lab.exec("router", "arping", "-A", "-c", "1", "-I", "eth0", "192.168.40.7")
      try await self.ip("address", "del", "192.168.40.7/32", "dev", "eth0")
      // The client's table, which the stranger's claim had changed, has the owner again.
      let owner = try await self.lab.hardwareAddress(of: announcer)
      try await eventually("the client knows the owner") {
        try await self.lab.exec("client", "ip", "neighbour", "show", "192.168.40.7").out
      } isRight: {
        $0.lowercased().contains(owner)
      }
      try await self.awaitReason("addressContested")
      try await eventually("it is counted") {
        try await self.counter("metallb_layer2_conflicts_total", of: "192.168.40.7")
      } isRight: {
        $0 >= 1
      }
    }

    /// What kube-proxy does in IPVS mode without `strictARP`: each node has the addresses on an interface of its own, which
    /// is never set up, and its kernel answers for them on all others.
    private func springTrap(_ address: String) async throws {
      let commands =
        "sysctl -qw net.ipv4.conf.all.arp_ignore=0 && ip link add kube-ipvs0 type bridge && "
        + "ip link set kube-ipvs0 arp off && ip address add \(address)/32 dev kube-ipvs0"
      for node in self.lab.nodes { _ = try await self.lab.exec(node, "sh", "-c", commands).expectSuccess() }
    }

    private func takeTrapAway() async throws {
      for node in self.lab.nodes {
        _ = try await self.lab.exec(
          node, "sh", "-c", "sysctl -qw net.ipv4.conf.all.arp_ignore=1; ip link delete kube-ipvs0")
      }
    }

    @Test func `nodes whose kernels have the address are no strangers, and the trap is named`() async throws {
      try await self.springTrap("192.168.40.9")
      try await self.kubectl.apply(Manifest.service("web", spec: "loadBalancerIP: 192.168.40.9"))
      let warning = try await eventually("the event names the remedy") {
        try await self.kubectl.events(about: "web").first { $0.reason == "strictARP" }
      } isRight: {
        $0 != nil
      }
      #expect(warning?.type == "Warning")
      #expect(warning?.message.hasPrefix("192.168.40.9 is on interface \"kube-ipvs0\" of node \"node-") == true)
      #expect(warning?.message.contains("set strictARP: true in kube-proxy's configuration") == true)
      try await self.awaitReason("nodeAssigned")
      #expect(try await !self.reasons(about: "web").contains("addressInUse"))
      // Several nodes answer, as the trap has it; without it one does.
      try await eventually("both nodes answer", equals: Set(self.lab.nodes)) {
        try await self.lab.answerers("192.168.40.9")
      }
      try await self.takeTrapAway()
      #expect(try await self.lab.announcer(of: "192.168.40.9", service: "web").isEmpty == false)

      try await self.kubectl.apply(
        Manifest.namespace("kube-system"),
        """
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: kube-proxy, namespace: kube-system}
        data:
          config.conf: |
            kind: KubeProxyConfiguration
            mode: ipvs
            ipvs: {strictARP: false}
        """)
      let check = try await run([try Tool.metallb(), "check", "--kubeconfig", self.lab.kubeconfig])
      #expect(check.code == 0)
      #expect(check.out.contains("ConfigMap kube-system/kube-proxy") && check.out.contains("ipvs.strictARP"))
      try await self.kubectl("delete", "configmap", "kube-proxy", "--namespace=kube-system")
    }
  }
}
