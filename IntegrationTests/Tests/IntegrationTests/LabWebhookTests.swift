import Harness
import Testing

extension Everything.Clusters {
  /// Our manifest in the lab, as users meet it: webhooks in pods, called by the lab's API server.
  @Suite(.lab(nodes: 2), .timeLimit(.minutes(2)))
  struct LabWebhookTests {
    private let kubectl: Kubectl

    init() async throws {
      self.kubectl = try await Lab.fresh().kubectl
    }

    private func refusal(_ document: String, release: Kubectl.Release = .current) async throws -> String {
      let kubectl = Kubectl(release, kubeconfig: self.kubectl.kubeconfig)
      let output = try await kubectl.run("apply", "-f", "-", input: document)
      #expect(output.code == 1)
      return output.error
    }

    private static func peer(_ spec: String, version: String = "v1beta2") -> String {
      """
      apiVersion: metallb.io/\(version)
      kind: BGPPeer
      metadata: {name: tor, namespace: metallb-system}
      spec: {myASN: 64500, peerASN: 64501, peerAddress: 192.0.2.1, \(spec)}
      """
    }

    @Test(arguments: Kubectl.Release.allCases)
    func `a bad pool is refused in upstream's words`(release: Kubectl.Release) async throws {
      let error = try await self.refusal(Manifest.pool("bad", "192.0.2.300/24"), release: release)
      #expect(
        error.contains(#"admission webhook "ipaddresspoolvalidationwebhook.metallb.io" denied the request: "#),
        "\(error)")
      #expect(error.contains("192.0.2.300/24"), "\(error)")
      #expect(
        try await self.refusal(Manifest.pool("bad", "192.0.2.0/24", namespace: "default"), release: release)
          .contains("denied the request: resource must be created in metallb-system namespace"))
    }

    @Test func `warnings are printed, and profiles in use stay`() async throws {
      let profile = """
        apiVersion: metallb.io/v1beta1
        kind: BFDProfile
        metadata: {name: fast, namespace: metallb-system}
        spec: {receiveInterval: 50}
        """
      try await self.kubectl.apply(profile)
      let document = Self.peer("bfdProfile: fast, disableMP: true")
      let applied = try await self.kubectl.run("apply", "-f", "-", input: document)
      #expect(
        applied.error.contains(
          "Warning: disable mp is deprecated and has no effect since it's the default behavior now"), "\(applied)")
      let refused = try await self.kubectl.run("delete", "bfdprofile", "fast", "--namespace=metallb-system")
      #expect(refused.error.contains("failed to delete BFDProfile fast, used by BGPPeer tor"), "\(refused)")
      try await self.kubectl("delete", "bgppeer", "tor", "--namespace=metallb-system")
      try await self.kubectl("delete", "bfdprofile", "fast", "--namespace=metallb-system")
    }

    @Test func `peers are written and read in either version`() async throws {
      try await self.kubectl.apply(Self.peer("vrf: red"))
      let old = "bgppeers.v1beta1.metallb.io"
      let spec = try await self.kubectl(
        "get", old, "tor", "--namespace=metallb-system", "--output", "jsonpath={.apiVersion} {.spec}")
      #expect(spec == #"metallb.io/v1beta1 {"myASN":64500,"peerASN":64501,"peerAddress":"192.0.2.1","peerPort":179}"#)
      try await self.kubectl(
        "patch", old, "tor", "--namespace=metallb-system", "--type=merge", "--patch", #"{"spec": {"holdTime": "30s"}}"#)
      let kept = try await self.kubectl(
        "get", "bgppeers", "tor", "--namespace=metallb-system", "--output", "jsonpath={.spec.vrf} {.spec.holdTime}")
      #expect(kept == "red 30s")
      #expect(try await self.kubectl("get", old, "--namespace=metallb-system").contains("tor"))
      try await self.kubectl("delete", old, "tor", "--namespace=metallb-system")
      let applied = try await self.kubectl.run(
        "apply", "-f", "-", input: Self.peer("holdTime: 90s", version: "v1beta1"))
      #expect(applied.code == 0, "\(applied)")
      #expect(applied.error.contains("v1beta1 is deprecated, please use v1beta2"))
      let stored = try await self.kubectl(
        "get", "bgppeers", "tor", "--namespace=metallb-system", "--output",
        "jsonpath={.spec.holdTime} {.spec.keepaliveTime}")
      #expect(stored == "90s ")
      try await self.kubectl("delete", "bgppeer", "tor", "--namespace=metallb-system")
    }

    @Test func `of two controllers one leads, and when its pod is gone the other serves on`() async throws {
      try await self.kubectl.apply(Manifest.pool("two", "10.6.0.0/24"))
      try await self.kubectl("scale", "deployment/controller", "--replicas=2", "--namespace=metallb-system")
      try await self.kubectl(
        "rollout", "status", "deployment/controller", "--namespace=metallb-system", "--timeout=30s")
      let leader = try await eventually("one leads") {
        try await self.kubectl.field(".spec.holderIdentity", of: "lease/metallb-controller", in: "metallb-system")
      } isRight: {
        !$0.isEmpty
      }
      try await self.kubectl(
        "delete", "pod", leader, "--namespace=metallb-system", "--force", "--grace-period=0")
      try await self.kubectl.apply(Manifest.service("late"))
      try await eventually("it is served", equals: ["10.6.0.0"], within: .seconds(20)) {
        try await self.kubectl.addresses(of: "late")
      }
      #expect(
        try await self.kubectl.field(".spec.holderIdentity", of: "lease/metallb-controller", in: "metallb-system")
          != leader)
      try await self.kubectl("scale", "deployment/controller", "--replicas=1", "--namespace=metallb-system")
    }

    @Test func `while no controller runs, writes say which webhook cannot be asked`() async throws {
      try await self.kubectl("scale", "deployment/controller", "--replicas=0", "--namespace=metallb-system")
      try await eventually("the controller is gone", equals: "") {
        try await self.kubectl(
          "get", "pods", "--namespace=metallb-system", "--selector=component=controller", "--output=name")
      }
      try await eventually("writes are refused and say so") {
        try await self.refusal(Manifest.pool("late", "192.0.2.0/24"))
      } isRight: {
        $0.contains(
          #"failed calling webhook "ipaddresspoolvalidationwebhook.metallb.io": failed to call webhook: "#
            + #"no endpoints available for service "metallb-webhook-service""#)
      }
      try await self.kubectl("scale", "deployment/controller", "--replicas=1", "--namespace=metallb-system")
      try await eventually("it is answered again", within: .seconds(20)) {
        try await self.kubectl.run("apply", "-f", "-", input: Manifest.pool("late", "192.0.2.0/24")).code
      } isRight: {
        $0 == 0
      }
    }
  }
}
