import Foundation
import Harness
import Testing

extension Everything.Servers {
  /// What the controller tells of itself and of what it finds, at a real kube-apiserver: ConfigurationState and Events.
  @Suite(.realAPIServer, .timeLimit(.minutes(4)))
  struct StatusTests {
    static let state = "configurationstate/controller"
    static let system = "metallb-system"

    let server: KubeAPIServer
    let kubectl: Kubectl

    init() async throws {
      let server = try #require(KubeAPIServer.current)
      self.server = server
      self.kubectl = Kubectl(.current, kubeconfig: server.kubeconfig)
      try await PythonClient(kubeconfig: server.kubeconfig).clear()
      try await self.kubectl(
        "delete", "configurationstates,l2advertisements,bgpadvertisements", "--all", "--namespace", Self.system)
    }

    private func withController(_ extra: String..., body: (Controller) async throws -> Void) async throws {
      try await Controller.with(kubeconfig: self.server.controllerKubeconfig, extra, body: body)
    }

    private func awaitResult(_ result: String) async throws {
      try await eventually("the ConfigurationState is \(result)", equals: result) {
        try await self.kubectl.field(".status.result", of: Self.state, in: Self.system)
      }
    }

    private func condition(_ field: String) async throws -> String {
      try await self.kubectl.field(
        #".status.conditions[?(@.type=="poolReconcilerValid")].\#(field)"#, of: Self.state, in: Self.system)
    }

    @Test func `a broken pool beside a good one makes the state Invalid, harms nobody, and is Valid once it is mended`()
      async throws
    {
      try await self.kubectl.apply(
        Manifest.pool("good", "10.30.0.0/29"), Manifest.pool("broken", "10.30.1.0/33"), Manifest.service("served"))
      try await self.withController { _ in
        try await eventually("the service is served", equals: ["10.30.0.0"]) {
          try await self.kubectl.addresses(of: "served")
        }
        try await self.awaitResult("Invalid")
        let sentence =
          #"configuration error: parsing address pool broken: invalid CIDR "10.30.1.0/33" in pool "broken": invalid CIDR "10.30.1.0/33""#
        #expect(
          try await self.kubectl.field(".status.errorSummary", of: Self.state, in: Self.system).hasPrefix(sentence))
        #expect(try await self.condition("message").hasPrefix(sentence))
        #expect(try await self.condition("status") == "False")
        #expect(try await self.condition("reason") == "ConfigurationError")
        let table = try await self.kubectl("get", "configurationstates", "--namespace", Self.system)
        let lines = table.split(separator: "\n").map { $0.split(separator: " ", omittingEmptySubsequences: true) }
        #expect(lines.first?.map(String.init) == ["NAME", "RESULT", "ERRORSUMMARY", "AGE"])
        #expect(lines.last?.prefix(4).map(String.init) == ["controller", "Invalid", "configuration", "error:"])

        try await self.kubectl.apply(Manifest.pool("broken", "10.30.1.0/30"))
        try await self.awaitResult("Valid")
        #expect(try await self.kubectl.field(".status.errorSummary", of: Self.state, in: Self.system) == "")
        #expect(try await self.condition("reason") == "Reconciled")
        #expect(try await self.condition("message") == "")
      }
    }

    @Test
    func `the state is applied under upstream's field manager, goes with the pod, and comes back when it is deleted`()
      async throws
    {
      try await self.kubectl.apply(
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: controller-0, namespace: metallb-system}
        spec: {containers: [{name: c, image: metallb}]}
        """, Manifest.pool("good", "10.31.0.0/29"))
      let uid = try await self.kubectl.field(".metadata.uid", of: "pod/controller-0", in: Self.system)
      try await self.withController("--pod-name=controller-0") { _ in
        try await self.awaitResult("Valid")
        #expect(
          try await self.kubectl.field(
            #".metadata.labels.metallb\.io/component-type"#, of: Self.state, in: Self.system) == "controller")
        #expect(
          try await self.kubectl.field(
            ".metadata.ownerReferences[*]['kind','name','uid']", of: Self.state, in: Self.system)
            == "Pod controller-0 \(uid)")
        let managers = try await self.kubectl(
          "get", Self.state, "--namespace", Self.system, "--show-managed-fields", "--output",
          #"jsonpath={range .metadata.managedFields[*]}{.manager}/{.operation}{"\n"}{end}"#)
        #expect(Set(managers.split(separator: "\n")) == ["poolReconciler/Apply"])

        // Somebody else's condition is nobody's business here; ours is put right.
        try await self.kubectl("delete", Self.state, "--namespace", Self.system)
        try await self.awaitResult("Valid")
        let version = try await self.kubectl.field(".metadata.resourceVersion", of: Self.state, in: Self.system)
        try await self.kubectl("annotate", Self.state, "--namespace", Self.system, "mine=yes")
        let annotated = try await self.kubectl.field(".metadata.resourceVersion", of: Self.state, in: Self.system)
        #expect(version != annotated)
        try await stays("nothing is written about somebody else's field", equals: annotated, during: .seconds(3)) {
          try await self.kubectl.field(".metadata.resourceVersion", of: Self.state, in: Self.system)
        }
      }
      let before = try await self.kubectl.field(".metadata.resourceVersion", of: Self.state, in: Self.system)
      try await self.withController("--pod-name=controller-0") { _ in
        try await stays("a restart writes nothing", equals: before, during: .seconds(4)) {
          try await self.kubectl.field(".metadata.resourceVersion", of: Self.state, in: Self.system)
        }
      }
      try await self.kubectl("delete", "pod", "controller-0", "--namespace", Self.system, "--force", "--grace-period=0")
    }

    @Test func `a cluster without the kind, or without the permission, is served all the same`() async throws {
      try await self.kubectl.apply(Manifest.pool("good", "10.32.0.0/29"), Manifest.service("served"))
      try await FaultProxy.with(kubeconfig: self.server.controllerKubeconfig) { proxy in
        try await proxy.set(.status(403, reason: "Forbidden", path: "configurationstates"))
        try await Controller.with(kubeconfig: proxy.kubeconfig) { controller in
          try await eventually("the service is served", equals: ["10.32.0.0"]) {
            try await self.kubectl.addresses(of: "served")
          }
          try await eventually("the log tells") {
            controller.log
          } isRight: {
            $0.contains("configurationstates")
          }
          try await Task.sleep(for: .seconds(3))
          let complaints = controller.log.split(separator: "\n").filter {
            $0.contains("\"warn\"") && $0.contains("configurationstates")
          }
          #expect(complaints.count == 1, "\(complaints.joined(separator: "\n"))")
          #expect(controller.process.isRunning)
        }
      }
    }

    @Test func `kubectl describe tells that nobody announces a service, once, and no more after it is mended`()
      async throws
    {
      try await self.kubectl.apply(Manifest.pool("quiet", "10.33.0.0/29"), Manifest.service("unheard"))
      try await self.withController { _ in
        let warning = Event(
          type: "Warning", reason: "NoMatchingAdvertisement", from: "metallb-controller",
          message: #"nobody announces ["10.33.0.0"]: no L2Advertisement or BGPAdvertisement selects pool "quiet"; "#
            + "create one, or add the pool to one that exists")
        try await eventually("it is told", within: .seconds(30)) {
          try await self.kubectl.events(about: "unheard")
        } isRight: {
          $0.contains(warning)
        }
        let description = try await self.kubectl("describe", "service", "unheard")
        #expect(description.contains("NoMatchingAdvertisement"), "\(description)")

        try await self.kubectl.apply(Manifest.advertisement("net", pools: "quiet", "no-such-pool"))
        try await eventually("the advertisement is told which pool does not exist") {
          try await self.kubectl.events(about: "net", in: Self.system)
        } isRight: { events in
          events.contains { $0.reason == "ConfigurationWarning" && $0.message.contains(#"pool "no-such-pool""#) }
        }
        try await eventually("the state says so, and is Valid") {
          try await self.condition("message")
        } isRight: {
          $0.hasPrefix(#"warning: L2Advertisement "net" refers to pool "no-such-pool""#)
        }
        #expect(try await self.kubectl.field(".status.result", of: Self.state, in: Self.system) == "Valid")
        try await self.kubectl.apply(Manifest.service("heard"))
        try await eventually("the next service has an address", equals: ["10.33.0.1"]) {
          try await self.kubectl.addresses(of: "heard")
        }
        try await Task.sleep(for: .seconds(7))
        #expect(try await self.kubectl.events(about: "heard").map(\.reason) == ["IPAllocated"])
        let told = try await self.kubectl.events(about: "unheard").filter { $0.reason == "NoMatchingAdvertisement" }
        #expect(told.count == 1)
      }
    }

    @Test func `events that are still waiting when the controller is stopped are written`() async throws {
      try await self.kubectl.apply(Manifest.pool("many", "10.34.0.0/20"))
      try await PythonClient(kubeconfig: self.server.kubeconfig)(
        """
        def create(number):
            core.create_namespaced_service('default', client.V1Service(
                metadata=client.V1ObjectMeta(name=f's{number}'),
                spec=client.V1ServiceSpec(type='LoadBalancer', ports=[client.V1ServicePort(port=80)])))
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(create, range(500)))
        """)
      try await self.withController { controller in
        try await eventually("all have addresses", within: .seconds(60), every: .milliseconds(200)) {
          controller.log.components(separatedBy: "wrote the addresses of a service").count - 1
        } isRight: {
          $0 >= 500
        }
      }
      let allocated = try await self.kubectl(
        "get", "events", "--field-selector", "reason=IPAllocated", "--output", "name", within: .seconds(60))
      #expect(allocated.split(separator: "\n").count == 500)
    }

    @Test func `the memberlist secret is made once, never overwritten, and comes back as it was`() async throws {
      let secret = "secret/memberlist"
      func value() async throws -> String {
        try await self.kubectl.field(".data.secretkey", of: secret, in: Self.system)
      }
      _ = try await self.kubectl.run("delete", secret, "--namespace", Self.system)
      try await self.withController("--ml-secret-name=memberlist") { controller in
        try await eventually("the secret is there") {
          try await value()
        } isRight: {
          !$0.isEmpty
        }
        let first = try await value()
        let text = String(decoding: Data(base64Encoded: first) ?? Data(), as: UTF8.self)
        #expect(text.count == 22 && !text.contains("="), "\(text)")
        try await self.kubectl("delete", secret, "--namespace", Self.system)
        try await eventually("it comes back with the key that the speakers have", equals: first) { try await value() }
        #expect(controller.process.isRunning)
      }
      try await self.kubectl(
        "patch", secret, "--namespace", Self.system, "--type=merge", "--patch", #"{"data":{"secretkey":"bWluZQ=="}}"#)
      try await self.withController("--ml-secret-name=memberlist") { _ in
        try await stays("somebody's own key stays", equals: "bWluZQ==", during: .seconds(2)) { try await value() }
      }
    }
  }
}
