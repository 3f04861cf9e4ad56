import Foundation
import Harness
import Testing

extension Everything.Clusters {
  /// `kubectl get servicebgpstatuses` tells which node announces what to whom, `kubectl get bgpsessionstates` how the sessions
  /// stand.
  @Suite(.lab(nodes: 2, routers: 2), .timeLimit(.minutes(4)))
  struct ServiceBGPStatusTests {
    let lab: Lab
    let kubectl: Kubectl

    init() async throws {
      self.lab = try await Lab.fresh()
      self.kubectl = self.lab.kubectl
      try await self.kubectl.apply(
        Manifest.pool("pool", "192.168.5.0/24"), Manifest.bgpAdvertisement("all", "ipAddressPools: [pool]"),
        Self.peer("tor-1", "198.18.0.201", "bfdProfile: rack"),
        Self.peer("tor-2", "198.18.0.202", "nodeSelectors: [{matchLabels: {kubernetes.io/hostname: node-1}}]"),
        """
        apiVersion: metallb.io/v1beta1
        kind: BFDProfile
        metadata: {name: rack, namespace: metallb-system}
        spec: {receiveInterval: 100, transmitInterval: 100}
        """,
        Manifest.deployment("web", replicas: 2), Manifest.service("web"))
    }

    private static func peer(_ name: String, _ address: String, _ extra: String) -> String {
      Manifest.bgpPeer(
        name, "myASN: 64700\npeerASN: 65116\npeerAddress: \(address)\nconnectTime: 1s\n\(extra)")
    }

    /// A line for each object, sorted: what a template takes out of it.
    private func lines(_ kind: String, _ template: String) async throws -> [String] {
      let path = "jsonpath={range .items[*]}\(template){\"\\n\"}{end}"
      return try await self.kubectl("get", kind, "--namespace=metallb-system", "--output", path)
        .split(separator: "\n").map(String.init).sorted()
    }

    private func announcements() async throws -> [String] {
      try await self.lines(
        "servicebgpstatuses", "{.status.node} {.status.serviceNamespace}/{.status.serviceName} {.status.peers}")
    }

    private static let both = [#"node-1 default/web ["tor-1","tor-2"]"#, #"node-2 default/web ["tor-1"]"#]

    @Test func `each announcing node has an object with its peers, which follows the announcement`() async throws {
      try await eventually("both nodes are told", equals: Self.both, within: .seconds(30)) {
        try await self.announcements()
      }
      let labels = "{.metadata.labels.metallb\\.io/node} {.metadata.labels.metallb\\.io/service-name}"
      #expect(try await self.lines("servicebgpstatuses", labels) == ["node-1 web", "node-2 web"])
      let names = try await self.lines("servicebgpstatuses", "{.metadata.name}")
      #expect(names.allSatisfy { $0.hasPrefix("bgp-") })
      for line in try await self.lines(
        "servicebgpstatuses", "{.status.node} {.metadata.ownerReferences[0].kind} {.metadata.ownerReferences[0].name}")
      {
        let words = line.split(separator: " ").map(String.init)
        #expect(words.count == 3 && words[1] == "Pod")
        let node = try await self.kubectl(
          "get", "pod", words.last ?? "", "--namespace=metallb-system", "--output=jsonpath={.spec.nodeName}")
        #expect(node == words[0])
      }
      let table = try await self.kubectl("get", "servicebgpstatuses", "--namespace=metallb-system")
      for column in ["NODE", "SERVICE NAME", "SERVICE NAMESPACE"] { #expect(table.contains(column)) }

      try await self.kubectl.apply(Manifest.bgpAdvertisement("all", "ipAddressPools: [pool]\npeers: [tor-2]"))
      try await eventually("node-1 has but one peer left", equals: [#"node-1 default/web ["tor-2"]"#]) {
        try await self.announcements()
      }
      try await self.kubectl.apply(Manifest.bgpAdvertisement("all", "ipAddressPools: [pool]"))
      try await eventually("both nodes are told again", equals: Self.both) { try await self.announcements() }

      let before = try await self.lines("servicebgpstatuses", "{.metadata.name} {.metadata.resourceVersion}")
      try await self.crashSpeaker(of: "node-1")
      #expect(try await self.lines("servicebgpstatuses", "{.metadata.name} {.metadata.resourceVersion}") == before)

      try await self.kubectl("delete", "servicebgpstatuses", "--all", "--namespace=metallb-system")
      try await eventually("both are written again", equals: Self.both) { try await self.announcements() }
      try await self.kubectl("delete", "service", "web")
      try await eventually("nothing is announced", equals: []) { try await self.announcements() }
    }

    /// Kills the process of a speaker; the container starts again in the same pod.
    private func crashSpeaker(of node: String) async throws {
      func restarts() async throws -> String {
        try await self.kubectl(
          "get", "pods", "--namespace=metallb-system", "--selector=component=speaker",
          "--field-selector=spec.nodeName=\(node)",
          "--output=jsonpath={.items[0].status.containerStatuses[0].restartCount}")
      }
      let before = try await restarts()
      let script = """
        for pid in $(ip netns pids metallb.\(self.lab.name).\(node)); do
          tr '\\0' ' ' < /proc/$pid/cmdline | grep -q ' speaker ' && kill -9 $pid
        done
        """
      _ = try await self.lab.exec(node, "sh", "-c", script)
      try await eventually("the speaker has started again", within: .seconds(20)) {
        try await restarts()
      } isRight: {
        $0 != before
      }
      try await eventually("its sessions stand again", equals: 2) {
        try await self.lines("bgpsessionstates", "{.status.node} {.status.bgpStatus}")
          .filter { $0 == "\(node) Established" }.count
      }
    }

    @Test func `each session has an object with its states, which goes with the peer and with the speaker`()
      async throws
    {
      let states = "{.status.node} {.status.peer} {.status.bgpStatus} {.status.bfdStatus}"
      let established = [
        "node-1 198.18.0.201 Established up", "node-1 198.18.0.202 Established N/A",
        "node-2 198.18.0.201 Established up",
      ]
      try await eventually("all sessions are told", equals: established, within: .seconds(30)) {
        try await self.lines("bgpsessionstates", states)
      }
      let table = try await self.kubectl("get", "bgpsessionstates", "--namespace=metallb-system")
      let header = table.split(separator: "\n").first.map { $0.split(separator: " ").map(String.init) }
      #expect(header == ["NAME", "NODE", "PEER", "VRF", "BGP", "BFD"])
      let selected = try await self.kubectl(
        "get", "bgpsessionstates", "--namespace=metallb-system", "--no-headers",
        "--selector=frrk8s.metallb.io/node=node-1,frrk8s.metallb.io/peer=198.18.0.201,frrk8s.metallb.io/vrf=")
      #expect(selected.hasPrefix("node-1-"))
      #expect(selected.split(separator: "\n").count == 1)

      try await self.lab.cut("tor-1")
      try await eventually("the sessions with tor-1 are told to be down", within: .seconds(30)) {
        try await self.lines("bgpsessionstates", states).filter { $0.contains(".201") }
      } isRight: { lines in
        lines.count == 2 && lines.allSatisfy { $0.hasSuffix(" down") && !$0.contains("Established") }
      }
      try await self.lab.heal("tor-1")
      try await eventually("they are told to stand again", equals: established, within: .seconds(40)) {
        try await self.lines("bgpsessionstates", states)
      }

      try await self.kubectl("delete", "bgppeer", "tor-2", "--namespace=metallb-system")
      try await eventually("what is gone is told no more", equals: established.filter { !$0.contains(".202") }) {
        try await self.lines("bgpsessionstates", states)
      }
      let pod = try await self.kubectl(
        "get", "pods", "--namespace=metallb-system", "--selector=component=speaker",
        "--field-selector=spec.nodeName=node-2", "--output=jsonpath={.items[0].metadata.name}")
      try await self.lab.kill("node-2")
      try await self.kubectl("delete", "pod", pod, "--namespace=metallb-system", "--force", "--grace-period=0")
      try await eventually("the node that is gone is told of no more", equals: ["node-1"]) {
        try await self.lines("bgpsessionstates", "{.status.node}")
      }
      try await eventually("nor announces it anything", equals: ["node-1"]) {
        try await self.lines("servicebgpstatuses", "{.status.node}")
      }
      try await self.lab.heal("node-2")
    }
  }
}

extension Everything.Aside.Networks {
  /// Clusters that never had frr-k8s, and got our image alone.
  @Suite(.timeLimit(.minutes(2)))
  struct WithoutSessionStatesTests {
    @Test func `a speaker that finds no kind BGPSessionState says so once and goes on`() async throws {
      try await BGPScene.with { scene in
        try await scene.cluster.kubectl("delete", "crd", "bgpsessionstates.frrk8s.metallb.io")
        let speaker = try scene.cluster.startSpeaker()
        try await scene.cluster.apply(scene.peer())
        try await scene.awaitLog("status objects of a kind are not written", of: speaker)
        try await eventually("the Service's object is written all the same", equals: "external") {
          try await scene.cluster.kubectl(
            "get", "servicebgpstatuses", "--namespace=metallb-system", "--output=jsonpath={.items[*].status.peers[*]}")
        }
        try await stays("one line tells of it", equals: 1, during: .seconds(4)) {
          (speaker.standardOutput + speaker.standardError).split(separator: "\n").filter {
            $0.contains("BGPSessionState") || $0.contains("bgpsessionstates")
          }.count
        }
        #expect(await speaker.stop() == 0)
      }
    }
  }
}
