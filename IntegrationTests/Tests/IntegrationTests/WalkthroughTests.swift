import Foundation
import Harness
import Testing

extension Everything.Clusters {
  /// What public walkthroughs of MetalLB have their readers type, typed.
  @Suite(.lab(nodes: 3), .timeLimit(.minutes(3)))
  struct WalkthroughTests {
    let lab: Lab
    let kubectl: Kubectl

    init() async throws {
      self.lab = try await Lab.fresh()
      self.kubectl = self.lab.kubectl
    }

    @Test(arguments: Kubectl.Release.allCases)
    func `a pool, an advertisement, nginx and a service that answers`(release: Kubectl.Release) async throws {
      let kubectl = Kubectl(release, kubeconfig: self.lab.kubeconfig)
      try await kubectl.apply(
        Manifest.pool("primary-pool", "10.0.0.35-10.0.0.39"), Manifest.advertisement("l2-net", pools: "primary-pool"))
      try await kubectl.apply(Manifest.deployment("nginx-deployment"))
      try await kubectl("rollout", "status", "deployment/nginx-deployment", "--timeout=30s")
      try await kubectl.apply(Manifest.service("nginx-test", app: "nginx-deployment"))
      try await eventually("the address is printed", equals: "10.0.0.35") {
        try await kubectl("get", "service", "-o", "jsonpath={.items[*].status.loadBalancer.ingress[*].ip}")
      }
      try await self.lab.awaitAnswer(from: "10.0.0.35")
      let row = try await kubectl("get", "service", "nginx-test", "--no-headers").split(separator: " ")
      #expect(row.count > 3 && row[3] == "10.0.0.35")
      let description = try await kubectl("describe", "service", "nginx-test")
      #expect(description.contains(#"Assigned IP ["10.0.0.35"]"#))
      #expect(description.contains("LoadBalancer Ingress:"))
    }

    @Test func `three replicas are reached through one announcer at a time`() async throws {
      try await self.kubectl.apply(
        Manifest.pool("pool", "192.168.1.240-192.168.1.250"), Manifest.advertisement("l2", pools: "pool"),
        Manifest.deployment("nginx", replicas: 3))
      try await self.kubectl("rollout", "status", "deployment/nginx", "--timeout=30s")
      var announcers: Set<String> = []
      for number in 240...250 {
        let service = "nginx-\(number)"
        try await self.kubectl.apply(Manifest.service(service, app: "nginx"))
        try await self.lab.awaitAddress("192.168.1.\(number)", of: service)
      }
      for number in 240...250 {
        let address = "192.168.1.\(number)"
        let expected = try await self.lab.electedNode(for: address)
        try await eventually("\(expected) alone answers for \(address)", equals: [expected]) {
          try await self.lab.answerers(address)
        }
        announcers.insert(expected)
      }
      #expect(announcers == Set(self.lab.nodes))
      let announcer = try await self.lab.announcer(of: "192.168.1.240", service: "nginx-240")
      #expect(try await self.lab.electedNode(for: "192.168.1.240") == announcer)
      // All replicas have their share of the requests.
      var pods: Set<String> = []
      for _ in 1...40 {
        if let answer = try await self.lab.curl("http://192.168.1.240/") { pods.insert(answer) }
      }
      #expect(pods.count >= 3)
    }

    @Test func `an address that no pool has leaves the service pending and says why`() async throws {
      try await self.kubectl.apply(
        Manifest.pool("pool", "192.168.7.0/24"), Manifest.advertisement("l2", pools: "pool"),
        Manifest.service("good-request", spec: "loadBalancerIP: 192.168.7.77"),
        Manifest.service("invalid-request", spec: "loadBalancerIP: 4.3.2.1"))
      try await self.lab.awaitAddress("192.168.7.77", of: "good-request")
      for release in Kubectl.Release.allCases {
        let kubectl = Kubectl(release, kubeconfig: self.lab.kubeconfig)
        let event = #"Failed to allocate IP for "default/invalid-request": "4.3.2.1" is not allowed in config"#
        let text = try await eventually("describe has the event") {
          try await kubectl("describe", "service", "invalid-request")
        } isRight: {
          $0.contains(event)
        }
        let line = try #require(text.split(separator: "\n").first { $0.contains(event) })
        let words = line.split(separator: " ")
        #expect(words.prefix(2) == ["Warning", "AllocationFailed"])
        #expect(words.contains("metallb-controller"))
        let row = try await kubectl("get", "service", "invalid-request", "--no-headers")
        #expect(row.contains("<pending>"))
      }
    }

    @Test func `a pool is asked for by annotation, known or unknown`() async throws {
      try await self.kubectl.apply(
        Manifest.pool("a-default", "192.168.20.0/29"),
        Manifest.pool("z-special", "192.168.30.0/29", extra: "autoAssign: false"),
        Manifest.service("known", annotations: ["metallb.universe.tf/address-pool": "z-special"]),
        Manifest.service("unknown", annotations: ["metallb.universe.tf/address-pool": "nosuch"]))
      try await self.lab.awaitAddress("192.168.30.0", of: "known")
      try await self.lab.awaitAddress("192.168.20.0", of: "unknown")
      try await eventually("a warning names the unknown pool") {
        try await self.kubectl.events(about: "unknown")
      } isRight: { events in
        events.contains { $0.type == "Warning" && $0.from == "metallb-controller" && $0.message.contains("nosuch") }
      }
    }

    @Test func `services share an address as long as their ports differ`() async throws {
      let shared = ["metallb.universe.tf/allow-shared-ip": "web-server-svc"]
      func service(_ name: String, _ port: Manifest.Port) -> String {
        Manifest.service(
          name, app: "nginx", ports: [port], annotations: shared, spec: "loadBalancerIP: 172.31.249.7")
      }
      try await self.kubectl.apply(
        Manifest.pool("pool", "172.31.249.0/24"), Manifest.advertisement("l2", pools: "pool"),
        Manifest.deployment("nginx"), service("service-http", .tcp(80)), service("service-https", .tcp(443)),
        service("service-dns", .udp(443)))
      for name in ["service-http", "service-https", "service-dns"] {
        try await self.lab.awaitAddress("172.31.249.7", of: name)
      }
      try await self.lab.awaitAnswer(from: "172.31.249.7")
      try await self.lab.awaitAnswer(from: "172.31.249.7:443")

      try await self.kubectl.apply(service("service-late", .tcp(443)))
      try await eventually("the collision is explained") {
        try await self.kubectl.events(about: "service-late")
      } isRight: { events in
        events.contains(
          Event(
            type: "Warning", reason: "AllocationFailed", from: "metallb-controller",
            message:
              #"Failed to allocate IP for "default/service-late": port TCP/443 is already in use on "172.31.249.7""#))
      }
      #expect(try await self.kubectl.addresses(of: "service-late") == [])
      // It gets its turn when the one before it goes.
      try await self.kubectl("delete", "service", "service-https")
      try await self.lab.awaitAddress("172.31.249.7", of: "service-late")
    }

    @Test func `without pools services wait, say why, and all get addresses when a pool comes`() async throws {
      try await self.kubectl.apply(Manifest.service("first"), Manifest.service("second"))
      for service in ["first", "second"] {
        try await eventually("\(service) is told why it waits") {
          try await self.kubectl.events(about: service)
        } isRight: { events in
          events.contains { $0.type == "Warning" && $0.from == "metallb-controller" && $0.message.contains("pool") }
        }
      }
      #expect(try await self.kubectl.allAddresses() == [])
      try await self.kubectl.apply(Manifest.pool("late", "192.168.9.0/30"))
      try await eventually("both have addresses", equals: ["192.168.9.0", "192.168.9.1"]) {
        try await (self.kubectl.addresses(of: "first") + self.kubectl.addresses(of: "second")).sorted()
      }
    }

    @Test func `logs, scale and deletion work on the cluster's own pods`() async throws {
      for release in Kubectl.Release.allCases {
        let kubectl = Kubectl(release, kubeconfig: self.lab.kubeconfig)
        let logs = try await kubectl("logs", "--namespace=metallb-system", "deployment/controller")
        #expect(logs.contains("controller starting"))
        try await kubectl.apply(Manifest.deployment("scaled", replicas: 1))
        try await kubectl("wait", "--for=condition=Available", "deployment/scaled", "--timeout=30s")
        try await kubectl("scale", "deployment/scaled", "--replicas=4")
        try await eventually("four replicas are ready", equals: "4") {
          try await kubectl.field(".status.readyReplicas", of: "deployment/scaled")
        }
        try await kubectl("delete", "deployment", "scaled")
        try await eventually("its pods are gone", equals: "") {
          try await kubectl("get", "pods", "--selector=app=scaled", "--output=name")
        }
      }
      let nodes = try await self.kubectl("get", "nodes", "--no-headers").split(separator: "\n")
      #expect(nodes.count == 3 && nodes.allSatisfy { $0.contains(" Ready ") })
    }

    @Test func `each process tells what it makes of the configuration, and its successor takes that over`() async throws
    {
      let names = ["controller"] + self.lab.nodes.map { "speaker-\($0)" }
      func states(_ path: String) async throws -> [String] {
        let list = try await self.kubectl(
          "get", "configurationstates", "--namespace=metallb-system", "--output",
          #"jsonpath={range .items[*]}{.metadata.name}={\#(path)}{"\n"}{end}"#)
        return list.split(separator: "\n").map(String.init).sorted()
      }
      try await eventually("all say so", equals: names.map { "\($0)=Valid" }) { try await states(".status.result") }

      try await self.kubectl.apply(Manifest.advertisement("typo", pools: "no-such-pool"))
      try await eventually("all warn of it") {
        try await states(".status.conditions[0].message")
      } isRight: { lines in
        lines.count == names.count && lines.allSatisfy { $0.contains(#"refers to pool "no-such-pool""#) }
      }
      #expect(try await states(".status.result") == names.map { "\($0)=Valid" })
      try await self.kubectl("delete", "l2advertisement", "typo", "--namespace=metallb-system")

      let node = "speaker-\(self.lab.nodes[0])"
      func owner() async throws -> String {
        try await self.kubectl.field(
          ".metadata.ownerReferences[*].name", of: "configurationstate/\(node)", in: "metallb-system")
      }
      let before = try await owner()
      try await self.kubectl("delete", "pod", before, "--namespace=metallb-system")
      let after = try await eventually("the next pod owns it") {
        try await owner()
      } isRight: {
        !$0.isEmpty && $0 != before
      }
      #expect(
        try await self.kubectl("get", "pod", after, "--namespace=metallb-system", "--output=jsonpath={.spec.nodeName}")
          == self.lab.nodes[0])
    }

    @Test func `the controller alone gives addresses that something else announces`() async throws {
      try await self.kubectl("delete", "daemonset", "speaker", "--namespace=metallb-system")
      try await self.kubectl.apply(Manifest.pool("default", "192.168.5.0/24"), Manifest.service("first"))
      try await self.lab.awaitAddress("192.168.5.0", of: "first")
      #expect(try await self.lab.arping("192.168.5.0", count: 2) == [])
      try await self.lab.install()
    }
  }
}
