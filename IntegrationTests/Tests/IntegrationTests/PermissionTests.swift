import Foundation
import Harness
import Testing

extension Everything.Clusters {
  /// The roles of our manifest: nothing is missing in them, and nothing is too much.
  @Suite(.lab(nodes: 2), .timeLimit(.minutes(8)))
  struct PermissionTests {
    let lab: Lab
    let kubectl: Kubectl

    init() async throws {
      self.lab = try await Lab.fresh()
      self.kubectl = self.lab.kubectl
    }

    /// What is asked for by others than the processes.
    private static let needed: Set<Permission> = [
      // Admission of clusters before 1.25, on behalf of the pods.
      Permission("use", "podsecuritypolicies", in: "policy"),
      // A real API server, when something is applied that is not there yet.
      Permission("create", "configurationstates", in: "metallb.io"),
    ]

    @Test func `everything that the roles allow is used, and nothing else is asked for`() async throws {
      try await self.useEverything()
      for account in ["controller", "speaker"] {
        let granted = try await Permissions.granted(to: account, self.kubectl).subtracting(Self.needed)
        let used = try await eventually("\(account) has used its permissions", within: .seconds(40)) {
          try await Permissions.used(by: account, self.kubectl)
        } isRight: {
          granted.subtracting($0.allowed).isEmpty
        }
        #expect(granted.subtracting(used.allowed).sorted() == [], "\(account) may, and never does")
        #expect(used.denied.sorted() == [], "\(account) wants, and may not")
      }
      try await self.kubectl("scale", "deployment/controller", "--namespace=metallb-system", "--replicas=1")
    }

    /// Everything at once that makes the processes ask the API server for something.
    private func useEverything() async throws {
      try await self.kubectl.apply(
        Manifest.pool("pool", "192.168.46.0/28"), Manifest.advertisement("l2", pools: "pool"),
        Manifest.deployment("web"), Manifest.password("rack", "open-sesame"),
        Manifest.bgpPeer(
          "rack", "myASN: 64500\npeerASN: 64501\npeerAddress: 198.18.0.250\npasswordSecret: {name: rack}"),
        Manifest.bgpAdvertisement("bgp", "ipAddressPools: [pool]"))
      try await self.kubectl("rollout", "status", "deployment/web", "--timeout=30s")
      // A write that loses against another one, after which the newest form is read.
      let conflict = #"{"code": 409, "count": 1, "method": "PUT", "path": "/services/web/status"}"#
      try await self.kubectl(
        "create", "--raw", "/lab/faults", "-f", try Workspace.current.file("fault.json", conflict))
      // Addresses that come and go, so that reports are made, changed and removed, and Events are told again.
      for _ in 0..<2 {
        try await self.kubectl.apply(Manifest.service("web"))
        _ = try await self.lab.announcer(of: "192.168.46.0", service: "web")
        try await self.kubectl("patch", "service", "web", "--type=merge", "--patch", #"{"spec":{"type":"ClusterIP"}}"#)
        try await eventually("the address is gone", equals: []) { try await self.kubectl.addresses(of: "web") }
      }
      // A router that is not wanted any more takes its report with it.
      try await eventually("the session is told of") {
        try await self.kubectl("get", "bgpsessionstates", "--namespace=metallb-system", "--output=name")
      } isRight: {
        !$0.isEmpty
      }
      try await self.kubectl("delete", "bgppeers", "--all", "--namespace=metallb-system")
      // The certificate of the webhooks is spoilt, and made anew.
      try await self.kubectl(
        "patch", "secret", "metallb-webhook-cert", "--namespace=metallb-system", "--type=merge", "--patch",
        #"{"data":{"tls.crt":"c3BvaWx0"}}"#)
      // Somebody asks both processes for their metrics.
      for host in try await self.addresses() {
        _ = try await self.lab.exec(
          "node-1", "curl", "--silent", "--insecure", "--max-time", "3", "--header",
          "Authorization: Bearer \(try await self.lab.scraperToken())", "https://\(host):9120/metrics")
      }
      // Another replica looks whether the one that leads is still there.
      try await self.kubectl("scale", "deployment/controller", "--namespace=metallb-system", "--replicas=2")
    }

    /// Where the pods of MetalLB are.
    private func addresses() async throws -> [String] {
      try await self.kubectl(
        "get", "pods", "--namespace", "metallb-system", "--selector", "app=metallb", "--output",
        "jsonpath={range .items[*]}{.status.podIP} {end}"
      ).split(separator: " ").map(String.init)
    }

    /// What is asked for only in a situation that the test of lacks does not make, though the one before does.
    private static let rare: Set<String> = [
      "patch events", "create tokenreviews.authentication.k8s.io", "create subjectaccessreviews.authorization.k8s.io",
      "get services", "update secrets", "delete servicel2statuses.metallb.io", "delete servicebgpstatuses.metallb.io",
      "delete bgpsessionstates.frrk8s.metallb.io",
    ]

    @Test func `whoever lacks a permission says which, in the words of the API server`() async throws {
      // Its own controller would share the webhooks' objects with those that are tried. Nobody answers the webhooks then.
      let kubeconfig = try await self.lab.kubeconfigOnNodes()
      let webhooks = "validatingwebhookconfiguration/metallb-webhook-configuration"
      let configuration = try await self.kubectl("get", webhooks, "--output=json")
      try await self.kubectl("scale", "deployment/controller", "--namespace=metallb-system", "--replicas=0")
      try await self.kubectl("delete", webhooks)
      var silent: [String] = []
      for account in ["controller", "speaker"] {
        let all = try await Permissions.granted(to: account, self.kubectl).subtracting(Self.needed)
        let cases = all.sorted().enumerated().map { number, permission in
          Permissions.Lacking(account: account, permission: permission, number: number)
        }.filter { !Self.rare.contains($0.permission.description) }
        try await self.kubectl("apply", "-f", "-", input: cases.map { $0.grants(of: all) }.joined(separator: "\n---\n"))
        try await self.kubectl("apply", "-f", "-", input: cases.map(\.work).joined(separator: "\n---\n"))
        // Those that share the objects of the webhooks are tried one after the other.
        let shared = cases.filter { Self.sharesWebhooks($0.permission) && account == "controller" }
        let others = cases.filter { !Self.sharesWebhooks($0.permission) || account == "speaker" }
        for start in stride(from: 0, to: others.count, by: 8) {
          silent += try await self.tryOut(others[start..<min(start + 8, others.count)], kubeconfig)
        }
        guard account == "controller" else { continue }
        try await self.kubectl("create", "-f", "-", input: Self.withoutVersion(configuration))
        for one in shared { silent += try await self.tryOut([one], kubeconfig) }
        try await self.kubectl("delete", webhooks)
      }
      try await self.kubectl("create", "-f", "-", input: Self.withoutVersion(configuration))
      #expect(silent == [], "lacked in silence")
      try await self.kubectl("scale", "deployment/controller", "--namespace=metallb-system", "--replicas=1")
    }

    /// An object as it can be created anew.
    private static func withoutVersion(_ json: String) -> String {
      json.replacing(/"(resourceVersion|uid|creationTimestamp)": "[^"]*",?/, with: "")
    }

    private static func sharesWebhooks(_ permission: Permission) -> Bool {
      [
        "validatingwebhookconfigurations", "customresourcedefinitions", "secrets", "bgppeers", "communities",
        "bfdprofiles",
      ].contains(permission.resource)
    }

    /// Runs processes that lack something, and tells which of them do not say so.
    private func tryOut(_ cases: some Collection<Permissions.Lacking>, _ kubeconfig: String) async throws -> [String] {
      var processes: [(Permissions.Lacking, ChildProcess)] = []
      for one in cases { processes.append((one, try self.start(one, kubeconfig))) }
      let isOfSpeaker = cases.first?.account == "speaker"
      try await self.kubectl("apply", "-f", "-", input: cases.map(\.service).joined(separator: "\n---\n"))
      if isOfSpeaker {
        try await self.kubectl("apply", "-f", "-", input: cases.map(\.backing).joined(separator: "\n---\n"))
        for one in cases {
          try await self.kubectl(
            "patch", "service", "web", "--namespace", one.user, "--subresource=status", "--type=merge", "--patch",
            one.status)
        }
      }
      var silent = processes
      let deadline = ContinuousClock.now + .seconds(30)
      while !silent.isEmpty, ContinuousClock.now < deadline {
        try await Task.sleep(for: .milliseconds(200))
        silent.removeAll { one, process in
          // A string of JSON, in which quotes are escaped.
          (process.standardOutput + process.standardError).contains(
            one.permission.refusal.replacing("\"", with: #"\""#))
        }
      }
      for (_, process) in processes { process.signal(SIGKILL) }
      for (_, process) in processes { await process.stop() }
      return silent.map { "\($0.0.account): \($0.0.permission)" }
    }

    private func start(_ one: Permissions.Lacking, _ kubeconfig: String) throws -> ChildProcess {
      var arguments = [
        try Tool.metallb(), one.account, "--kubeconfig", try one.kubeconfig(from: kubeconfig),
        "--namespace=\(one.user)", "--port=0", "--health-probe-port=0", "--lb-class=\(one.loadBalancerClass)",
        "--pod-name=none",
      ]
      if one.account == "controller" {
        let hasWebhooks = Self.sharesWebhooks(one.permission)
        arguments += [
          "--webhook-mode=\(hasWebhooks ? "enabled" : "disabled")", "--ml-secret-name=memberlist",
          "--deployment=controller",
        ]
      } else {
        arguments += [
          "--node-name=node-1", "--ml-bindaddr=127.0.0.1", "--ml-bindport=\(20_000 + one.number)",
          "--ml-labels=component=speaker", "--no-l2-probe",
        ]
      }
      return try self.lab.start("node-1", arguments)
    }
  }
}
