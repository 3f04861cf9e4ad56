import Harness
import Testing

extension Everything.Servers {
  /// The controller's ConfigurationState at the lab's API server, from Invalid to Valid and through deletion and restart.
  @Suite(.timeLimit(.minutes(2)))
  struct ConfigurationStateTests {
    static let state = "configurationstate/controller"
    static let system = "metallb-system"

    /// A cluster with MetalLB's namespace.
    private func withCluster(_ body: (LabAPIServer, State) async throws -> Void) async throws {
      try await LabAPIServer.with { server in
        let kubectl = Kubectl(.current, kubeconfig: server.kubeconfig)
        try await kubectl.apply(Manifest.namespace(Self.system))
        try await body(server, State(kubectl: kubectl))
      }
    }

    /// The object as kubectl sees it.
    private struct State {
      let kubectl: Kubectl

      func field(_ path: String) async throws -> String {
        try await self.kubectl.field(path, of: ConfigurationStateTests.state, in: ConfigurationStateTests.system)
      }

      func condition(_ field: String) async throws -> String {
        try await self.field(#".status.conditions[?(@.type=="poolReconcilerValid")].\#(field)"#)
      }

      func awaitResult(_ result: String) async throws {
        try await eventually("the ConfigurationState is \(result)", equals: result) {
          try await self.field(".status.result")
        }
      }
    }

    @Test func `a broken pool makes it Invalid in upstream's words, and it is Valid once that is mended`() async throws
    {
      try await self.withCluster { server, state in
        try await state.kubectl.apply(
          Manifest.pool("good", "10.30.0.0/29"), Manifest.pool("broken", "10.30.1.0/33"), Manifest.service("served"))
        try await Controller.with(kubeconfig: server.kubeconfig) { _ in
          try await eventually("the service is served", equals: ["10.30.0.0"]) {
            try await state.kubectl.addresses(of: "served")
          }
          try await state.awaitResult("Invalid")
          let sentence =
            #"configuration error: parsing address pool broken: invalid CIDR "10.30.1.0/33" in pool "broken": "#
            + #"invalid CIDR "10.30.1.0/33""#
          #expect(try await state.field(".status.errorSummary").hasPrefix(sentence))
          #expect(try await state.condition("message").hasPrefix(sentence))
          #expect(try await state.condition("status") == "False")
          #expect(try await state.condition("reason") == "ConfigurationError")
          let flipped = try await state.condition("lastTransitionTime")
          let table = try await state.kubectl("get", "configurationstates", "--namespace", Self.system)
          let lines = table.split(separator: "\n").map { $0.split(separator: " ") }
          #expect(lines.first?.map(String.init) == ["NAME", "RESULT", "ERRORSUMMARY", "AGE"])
          #expect(
            lines.dropFirst().first?.prefix(4).map(String.init) == ["controller", "Invalid", "configuration", "error:"])

          // Another mistake instead: another message, but no other time.
          try await Task.sleep(for: .seconds(1))
          try await state.kubectl.apply(Manifest.pool("broken", "10.30.1.0-10.30.0.0"))
          try await eventually("the new mistake is told") {
            try await state.condition("message")
          } isRight: {
            $0.contains("is after the end IP")
          }
          #expect(try await state.condition("lastTransitionTime") == flipped)

          try await state.kubectl.apply(Manifest.pool("broken", "10.30.1.0/30"))
          try await state.awaitResult("Valid")
          #expect(try await state.field(".status.errorSummary") == "")
          #expect(try await state.condition("reason") == "Reconciled")
          #expect(try await state.condition("message") == "")
          #expect(try await state.condition("lastTransitionTime") != flipped)
        }
      }
    }

    @Test func `it goes with the pod, comes back when it is deleted, and is not written without need`() async throws {
      try await self.withCluster { server, state in
        try await state.kubectl.apply(
          """
          apiVersion: v1
          kind: Pod
          metadata: {name: controller-0, namespace: metallb-system}
          spec: {containers: [{name: c, image: metallb}]}
          """, Manifest.pool("good", "10.31.0.0/29"))
        let uid = try await state.kubectl.field(".metadata.uid", of: "pod/controller-0", in: Self.system)
        try await Controller.with(kubeconfig: server.kubeconfig, ["--pod-name=controller-0"]) { _ in
          try await state.awaitResult("Valid")
          #expect(try await state.field(#".metadata.labels.metallb\.io/component-type"#) == "controller")
          #expect(
            try await state.field(".metadata.ownerReferences[*]['kind','name','uid']") == "Pod controller-0 \(uid)")
          let managers = try await state.kubectl(
            "get", Self.state, "--namespace", Self.system, "--show-managed-fields", "--output",
            #"jsonpath={range .metadata.managedFields[*]}{.manager}/{.operation}{"\n"}{end}"#)
          #expect(Set(managers.split(separator: "\n")) == ["poolReconciler/Apply"])

          try await state.kubectl("delete", Self.state, "--namespace", Self.system)
          try await state.awaitResult("Valid")
          // What others write into it is their business.
          try await state.kubectl("annotate", Self.state, "--namespace", Self.system, "mine=yes")
          let annotated = try await state.field(".metadata.resourceVersion")
          try await stays("nothing is written about it", equals: annotated, during: .seconds(2)) {
            try await state.field(".metadata.resourceVersion")
          }
        }
        let before = try await state.field(".metadata.resourceVersion")
        try await Controller.with(kubeconfig: server.kubeconfig, ["--pod-name=controller-0"]) { controller in
          try await eventually("the controller works") {
            controller.log
          } isRight: {
            $0.contains("the configuration is valid")
          }
          try await stays("a restart in the same pod writes nothing", equals: before, during: .seconds(2)) {
            try await state.field(".metadata.resourceVersion")
          }
        }
      }
    }
  }
}
