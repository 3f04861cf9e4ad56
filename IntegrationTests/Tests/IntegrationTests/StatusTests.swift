import Foundation
import Harness
import Testing

extension Everything.Servers {
  /// What the controller tells of itself and of what it finds, at a real kube-apiserver: ConfigurationState and Events.
  ///
  /// Debian's kube-apiserver takes an empty string in a custom resource for null, and so refuses the condition of a state
  /// that is valid; what needs that is tried at the lab's.
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

    @Test func `a broken pool beside a good one makes the state Invalid and harms nobody`() async throws {
      try await self.kubectl.apply(
        Manifest.pool("good", "10.30.0.0/29"), Manifest.pool("broken", "10.30.1.0/33"), Manifest.service("served"))
      try await self.withController { _ in
        try await eventually("the service is served", equals: ["10.30.0.0"]) {
          try await self.kubectl.addresses(of: "served")
        }
        try await self.awaitResult("Invalid")
        #expect(
          try await self.kubectl.field(".status.errorSummary", of: Self.state, in: Self.system)
            == self.condition("message"))
        #expect(try await self.condition("reason") == "ConfigurationError")
        let managers = try await self.kubectl(
          "get", Self.state, "--namespace", Self.system, "--show-managed-fields", "--output",
          #"jsonpath={range .metadata.managedFields[*]}{.manager}/{.operation}{"\n"}{end}"#)
        #expect(Set(managers.split(separator: "\n")) == ["poolReconciler/Apply"])
      }
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
