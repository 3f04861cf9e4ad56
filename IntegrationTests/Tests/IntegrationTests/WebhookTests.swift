import Foundation
import Harness
import Testing

extension Everything.Servers {
  /// The webhooks in the request path of a real kube-apiserver, with the rights of the controller's service account.
  @Suite(.realAPIServer, .timeLimit(.minutes(3)))
  struct WebhookTests {
    private let server: KubeAPIServer
    private let kubectl: Kubectl
    private let installation: WebhookInstallation
    private static let secret = "secret/metallb-webhook-cert"

    init() async throws {
      let server = try #require(KubeAPIServer.current)
      self.server = server
      self.kubectl = Kubectl(.current, kubeconfig: server.kubeconfig)
      self.installation = WebhookInstallation(port: try WebhookInstallation.freePort())
      try await self.kubectl(
        "delete", "validatingwebhookconfiguration", "metallb-webhook-configuration", "--ignore-not-found")
      try await self.kubectl("delete", Self.secret, "--namespace=metallb-system", "--ignore-not-found")
      try await self.kubectl("delete", "ipaddresspools", "--all", "--namespace=metallb-system")
    }

    private func withWebhooks(
      _ extra: String..., kubeconfig: String? = nil, body: (Controller) async throws -> Void
    ) async throws {
      try await self.kubectl.apply(try self.installation.manifest())
      let flags = ["--webhook-mode=onlywebhook", "--webhook-port=\(self.installation.port)"] + extra
      try await Controller.with(kubeconfig: kubeconfig ?? self.server.controllerKubeconfig, flags, body: body)
      try await self.kubectl("delete", "validatingwebhookconfiguration", "metallb-webhook-configuration")
    }

    private func field(_ path: String) async throws -> String {
      try await self.kubectl.field(path, of: Self.secret, in: "metallb-system")
    }

    private func bundle() async throws -> String {
      try await self.kubectl(
        "get", "validatingwebhookconfiguration", "metallb-webhook-configuration", "--output",
        "jsonpath={.webhooks[0].clientConfig.caBundle}")
    }

    /// Tries a write that is refused in the end, once the webhooks are trusted: the sentence that the user sees.
    private func refusal(_ document: String) async throws -> String {
      try await eventually("the webhooks answer", within: .seconds(20)) {
        try await self.kubectl.run("apply", "-f", "-", input: document).error
      } isRight: {
        $0.contains("denied the request")
      }
    }

    private static let malformed = Manifest.pool("bad", "nonsense")
    private static let sentence = #"invalid CIDR "nonsense" in pool "bad""#

    /// The webhooks refuse what is wrong, and the API server trusts the authority in the secret.
    private func expectWorking(_ what: Comment) async throws {
      // Until it does, an earlier authority may still serve.
      try await eventually("the API server trusts the secret's authority", equals: true) {
        let (authority, bundle) = (try await self.field(#".data.ca\.crt"#), try await self.bundle())
        return !authority.isEmpty && authority == bundle
      }
      let error = try await self.refusal(Self.malformed)
      #expect(
        error.contains(#"admission webhook "ipaddresspoolvalidationwebhook.metallb.io" denied the request: "#), what)
      #expect(error.contains("nonsense"), what)
    }

    @Test func `bad objects are refused in upstream's words, good ones pass`() async throws {
      try await self.withWebhooks { _ in
        try await self.expectWorking("at the start")
        try await self.kubectl.apply(Manifest.pool("good", "192.0.2.0/24"))
        let overlap = try await self.refusal(Manifest.pool("other", "192.0.2.128/25"))
        #expect(
          overlap.contains(
            #"CIDR "192.0.2.128/25" in pool "other" overlaps with already defined CIDR "192.0.2.0/24""#))
        let elsewhere = try await self.refusal(Manifest.pool("other", "198.51.100.0/24", namespace: "default"))
        #expect(elsewhere.contains("resource must be created in metallb-system namespace"))
        try await self.kubectl.apply(Manifest.pool("good", "192.0.2.0/25"))
        try await self.kubectl("delete", "ipaddresspool", "good", "--namespace=metallb-system")
      }
    }

    @Test func `what is gone by now refuses nothing, though the watch has not told`() async throws {
      try await FaultProxy.with(kubeconfig: self.server.controllerKubeconfig) { proxy in
        try await self.withWebhooks(kubeconfig: proxy.kubeconfig) { _ in
          try await self.expectWorking("at the start")
          let successor = Manifest.pool("successor", "192.0.2.128/25")
          try await self.kubectl.apply(Manifest.pool("good", "192.0.2.0/24"))
          #expect(try await self.refusal(successor).contains("overlaps"))
          try await proxy.freezeWatches()
          try await self.kubectl("delete", "ipaddresspool", "good", "--namespace=metallb-system")
          try await self.kubectl.apply(successor)
          try await self.kubectl("delete", "ipaddresspool", "successor", "--namespace=metallb-system")
        }
      }
    }

    @Test func `a secret that is deleted, emptied or garbled is made anew, and trusted`() async throws {
      try await self.withWebhooks { _ in
        try await self.expectWorking("at the start")
        let first = try await self.field(#".data.tls\.crt"#)
        try await self.kubectl("delete", Self.secret, "--namespace=metallb-system")
        try await eventually("it is made anew") {
          try await self.field(#".data.tls\.crt"#)
        } isRight: {
          !$0.isEmpty && $0 != first
        }
        try await self.expectWorking("after the deletion")
        for patch in [#"{"data": null}"#, #"{"data": {"tls.crt": "Z2FyYmFnZQ=="}}"#, #"{"data": {"ca.crt": ""}}"#] {
          let before = try await self.field(#".data.ca\.crt"#)
          try await self.kubectl("patch", Self.secret, "--namespace=metallb-system", "--type=merge", "--patch", patch)
          try await eventually("it is filled anew after \(patch)") {
            try await self.field(#".data.ca\.crt"#)
          } isRight: {
            !$0.isEmpty && $0 != before
          }
          try await self.expectWorking("after \(patch)")
        }
      }
    }

    @Test func `whoever overwrites the authority is put right`() async throws {
      try await self.withWebhooks { _ in
        try await self.expectWorking("at the start")
        let good = try await self.bundle()
        try await self.kubectl(
          "patch", "validatingwebhookconfiguration", "metallb-webhook-configuration", "--type=json", "--patch",
          #"[{"op": "replace", "path": "/webhooks/0/clientConfig/caBundle", "value": ""}]"#)
        try await eventually("it is injected anew", equals: good) { try await self.bundle() }
        let managers = try await self.kubectl(
          "get", "validatingwebhookconfiguration", "metallb-webhook-configuration", "--output",
          "jsonpath={.metadata.managedFields[*].manager}")
        #expect(managers.split(separator: " ").contains("MetalLB"))
      }
    }

    /// A secret made by another program: RSA, as upstream's.
    private func plant(days: Int) async throws {
      let directory = Workspace.current.newDirectory("certificates")
      let script = """
        set -e
        openssl req -x509 -newkey rsa:2048 -nodes -days \(days) -subj /O=metallb/CN=cert -keyout ca.key -out ca.crt
        openssl req -newkey rsa:2048 -nodes -subj /CN=metallb-webhook-service.metallb-system.svc -keyout tls.key -out tls.csr
        openssl x509 -req -in tls.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days \(days) -out tls.crt -extfile <(
          echo subjectAltName=DNS:metallb-webhook-service.metallb-system.svc)
        """
      _ = try await run(["bash", "-c", script], directory: directory).expectSuccess()
      let files = ["ca.crt", "ca.key", "tls.crt", "tls.key"].map { "--from-file=\(directory.path)/\($0)" }
      let command = ["create", "secret", "generic", "metallb-webhook-cert", "--namespace=metallb-system"] + files
      _ = try await self.kubectl.start(command).output(within: .seconds(20)).expectSuccess()
    }

    @Test func `a certificate that upstream made is taken over as it is`() async throws {
      try await self.plant(days: 3000)
      let planted = try await self.field(#".data.tls\.crt"#)
      try await self.withWebhooks { _ in
        try await self.expectWorking("with upstream's")
        #expect(try await self.field(#".data.tls\.crt"#) == planted)
      }
    }

    @Test func `a certificate that ends within 90 days is replaced`() async throws {
      try await self.plant(days: 60)
      let planted = try await self.field(#".data.ca\.crt"#)
      try await self.withWebhooks { _ in
        try await eventually("it is replaced") {
          try await self.field(#".data.ca\.crt"#)
        } isRight: {
          $0 != planted
        }
        try await self.expectWorking("with the new one")
      }
    }

    @Test func `replicas that start at once agree on one certificate`() async throws {
      let other = try WebhookInstallation.freePort()
      try await self.withWebhooks { _ in
        let flags = ["--webhook-mode=onlywebhook", "--webhook-port=\(other)"]
        try await Controller.with(kubeconfig: self.server.controllerKubeconfig, flags) { second in
          try await self.expectWorking("with two")
          try await eventually("the second shows one too") {
            second.log
          } isRight: {
            $0.contains("the webhooks show a new certificate")
          }
          try await eventually("both show the same", equals: true) {
            let shown = try await self.shownCertificate(at: other)
            return try await shown == self.shownCertificate(at: self.installation.port)
          }
        }
      }
    }

    /// What a client sees.
    private func shownCertificate(at port: Int) async throws -> String {
      let script = "openssl s_client -connect 127.0.0.1:\(port) -showcerts </dev/null 2>/dev/null | openssl x509"
      return try await run(["bash", "-c", script]).expectSuccess()
    }

    @Test func `certificates from files are shown, and their successors too`() async throws {
      let directory = Workspace.current.newDirectory("serving-certs")
      func make(_ name: String) async throws {
        let script = """
          openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=\(name) \
            -keyout tls.key.new -out tls.crt.new && mv tls.key.new tls.key && mv tls.crt.new tls.crt
          """
        _ = try await run(["bash", "-c", script], directory: directory).expectSuccess()
      }
      func subject() async throws -> String {
        let script =
          "openssl s_client -connect 127.0.0.1:\(self.installation.port) </dev/null 2>/dev/null | openssl x509 -noout -subject"
        return try await run(["bash", "-c", script]).out.trimmingCharacters(in: .whitespacesAndNewlines)
      }
      try await make("first")
      try await self.withWebhooks("--disable-cert-rotation", "--cert-dir=\(directory.path)") { _ in
        try await eventually("the first is shown", equals: "subject=CN = first") { try await subject() }
        try await make("second")
        try await eventually("the second is shown", equals: "subject=CN = second") { try await subject() }
        #expect(try await self.bundle() == "", "what comes from elsewhere is trusted by others' doing")
      }
    }

    @Test func `without the permission the failure is named, and the controller goes on`() async throws {
      try await self.kubectl.apply(Manifest.pool("pool", "10.9.0.0/24"), Manifest.service("served"))
      try await self.kubectl(
        "create", "rolebinding", "reader", "--clusterrole=view", "--user=nobody", "--namespace=metallb-system",
        "--dry-run=client")
      let flags = ["--webhook-mode=enabled", "--webhook-port=\(self.installation.port)", "--webhook-secret=x/y"]
      try await Controller.with(kubeconfig: self.server.controllerKubeconfig, flags) { controller in
        try await eventually("it serves", equals: ["10.9.0.0"]) { try await self.kubectl.addresses(of: "served") }
        try await eventually("the failure is named") {
          controller.log
        } isRight: {
          $0.contains("cannot keep a certificate for the webhooks")
        }
      }
      try await self.kubectl("delete", "service", "served")
    }

    @Test func `garbage is answered, not crashed on`() async throws {
      try await self.withWebhooks { controller in
        try await self.expectWorking("before")
        let url = "https://127.0.0.1:\(self.installation.port)/validate-metallb-io-v1beta1-ipaddresspool"
        func post(_ body: String, to url: String = url, type: String = "application/json") async throws -> String {
          try await run([
            "curl", "--silent", "--insecure", "--max-time", "20", "--header", "Content-Type: \(type)", "--header",
            "Expect:", "--data-binary", body, url,
          ]).expectSuccess()
        }
        #expect(try await post("").contains("request body is empty"))
        #expect(try await post("{").contains("unexpected end of JSON input"))
        #expect(try await post("{}", type: "text/plain").contains("contentType=text/plain, expected application/json"))
        #expect(try await post("{}").contains("is not an AdmissionReview"))
        #expect(
          try await post("{}", to: "https://127.0.0.1:\(self.installation.port)/convert").contains(
            "no ConversionReview"))
        #expect(try await post("{}", to: "https://127.0.0.1:\(self.installation.port)/elsewhere") == "not found")
        let large = Workspace.current.newDirectory("body").appendingPathComponent("large").path
        _ = try await run(["truncate", "--size=100M", large]).expectSuccess()
        _ = try await run([
          "curl", "--silent", "--insecure", "--max-time", "20", "--header", "Content-Type: application/json",
          "--data-binary", "@\(large)", url,
        ])
        #expect(controller.process.isRunning)
        try await self.expectWorking("after")
      }
    }

    @Test func `peers are shown in their old version, and written back whole`() async throws {
      try await self.kubectl(
        "patch", "crd", "bgppeers.metallb.io", "--type=merge", "--patch", self.installation.conversion)
      try await self.withWebhooks { _ in
        try await self.expectWorking("at the start")
        try await self.kubectl.apply(Self.peer)
        let old = ["get", "bgppeers.v1beta1.metallb.io", "tor", "--namespace=metallb-system", "--output"]
        let shown = try await eventually("it is shown as v1beta1") {
          try await self.kubectl.start(old + ["jsonpath={.apiVersion} {.spec}"]).output(within: .seconds(10))
            .expectSuccess()
        } isRight: {
          $0.hasPrefix("metallb.io/v1beta1")
        }
        #expect(
          shown == #"metallb.io/v1beta1 {"myASN":64500,"peerASN":64501,"peerAddress":"192.0.2.1","peerPort":179}"#)
        try await self.kubectl(
          "patch", "bgppeers.v1beta1.metallb.io", "tor", "--namespace=metallb-system", "--type=merge", "--patch",
          #"{"spec": {"holdTime": "30s"}}"#)
        let spec = try await self.kubectl(
          "get", "bgppeers.v1beta2.metallb.io", "tor", "--namespace=metallb-system", "--output",
          "jsonpath={.spec.holdTime} {.spec.vrf} {.metadata.annotations}")
        #expect(spec.hasPrefix("30s red "))
        #expect(!spec.contains("v1beta2-fields"))
        try await self.kubectl("delete", "bgppeer", "tor", "--namespace=metallb-system")
      }
      try await self.kubectl(
        "patch", "crd", "bgppeers.metallb.io", "--type=merge", "--patch",
        #"{"spec": {"conversion": {"strategy": "None", "webhook": null}}}"#)
    }

    private static let peer = """
      apiVersion: metallb.io/v1beta2
      kind: BGPPeer
      metadata:
        name: tor
        namespace: metallb-system
      spec:
        myASN: 64500
        peerASN: 64501
        peerAddress: 192.0.2.1
        vrf: red
      """
  }
}
