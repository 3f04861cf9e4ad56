import Foundation
import Harness
import Testing

extension Everything.Servers {
  /// What a person can get wrong on the command line, in a kubeconfig and in objects: a clear sentence, never a crash.
  @Suite(.timeLimit(.minutes(2)))
  struct BadInputTests {
    struct Mistake: Sendable, CustomTestStringConvertible {
      let arguments: [String]
      let message: [String]
      var testDescription: String { self.arguments.joined(separator: " ") }

      init(_ arguments: String..., says message: String...) {
        self.arguments = arguments
        self.message = message
      }
    }

    @Test(arguments: [
      Mistake("controller", "--log-level=loud", says: "log-level", "loud"),
      Mistake("controller", "--webhook-mode=maybe", says: "webhook-mode", "maybe"),
      Mistake("controller", "--port=many", says: "port", "many"),
      Mistake("controller", "--no-such-flag", says: "no-such-flag"),
      Mistake("controller", "--port=70000", says: "--port 70000", "65535"),
      Mistake("controller", "--health-probe-port=-1", says: "--health-probe-port"),
      Mistake("controller", "--unknown-pool=guess", says: "unknown-pool", "guess", "allocate"),
      Mistake("controller", "--kubeconfig=/no/such/file", says: "namespace", "METALLB_NAMESPACE"),
      Mistake("controller", "--tls-min-version=VersionTLS99", says: "VersionTLS99"),
      Mistake(
        "controller", "--tls-cipher-suites=TLS_RSA_WITH_AES_128_CBC_SHA",
        says: "cipher suites cannot be configured with TLS 1.3"),
      Mistake("controller", "--tls-curve-preferences=x25519", says: "x25519", "curve"),
      Mistake("speaker", "--bgp-debounce-timeout=0", "--node-name=n", "--namespace=n", says: "bgp-debounce-timeout"),
      Mistake("speaker", "--bgp-debounce-timeout=soon", "--node-name=n", "--namespace=n", says: "soon"),
      Mistake("speaker", "--ml-bindport=many", "--node-name=n", "--namespace=n", says: "ml-bindport", "many"),
      Mistake("speaker", "--l2-refresh-seconds=-1", says: "l2-refresh-seconds"),
      Mistake("speaker", "--log-level=loud", says: "log-level", "loud"),
      Mistake("speaker", "--kubeconfig=/dev/null", "--namespace=n", says: "node-name"),
      Mistake("conductor", says: "conductor"),
      Mistake("lab", "up", "--nodes=0", says: "--nodes 0"),
      Mistake("lab", "up", "--name=Not_A_Name", says: "Not_A_Name"),
      Mistake("lab", "kill", "node-1", "--name=no-such-lab", says: "no-such-lab"),
      Mistake("lab", "apiserver", "--listen=nowhere", "--kubeconfig=/tmp/x", says: "nowhere"),
    ])
    func `a wrong flag is named, with a code that is no crash`(_ mistake: Mistake) async throws {
      let output = try await run([try Tool.metallb()] + mistake.arguments, within: .seconds(10))
      #expect((1..<128).contains(output.code), "code \(output.code)")
      for part in mistake.message {
        #expect((output.out + output.error).contains(part), "\(output.out)\(output.error)")
      }
    }

    @Test func `an unknown kind of BGP is refused by the speaker, with those that there are`() async throws {
      let output = try await run(
        [try Tool.metallb(), "speaker", "--node-name=n", "--namespace=n"], environment: ["METALLB_BGP_TYPE": "bird"],
        within: .seconds(10))
      #expect((1..<128).contains(output.code))
      #expect(output.error.contains("unsupported BGP implementation type: bird"), "\(output.error)")
      #expect(output.error.contains("frr-k8s"), "\(output.error)")
    }

    /// A manifest of upstream's may carry each of these; none may keep the process from starting.
    @Test(arguments: [
      [
        "controller", "--port=0", "--log-level=debug", "--webhook-mode=disabled", "--webhook-http2=false",
        "--disable-cert-rotation=true", "--cert-dir=/tmp/certs", "--cert-service-name=w", "--webhook-secret=s",
        "--lb-class=c", "--ml-secret-name=m", "--deployment=d", "--pod-name=p", "--health-probe-port=0",
        "--tls-min-version=VersionTLS12", "--pprof-bind-address=:6060", "--metrics-cert-dir=",
      ],
      [
        "speaker", "-port=0", "-log-level=warn", "-node-name=n", "-host=192.0.2.1", "-ml-bindaddr=",
        "-ml-bindport=7946",
        "-ml-labels=app=metallb", "-ml-secret-key-path=/tmp/none", "-ml-wan-config=false", "-ignore-exclude-lb=true",
        "-lb-class=t", "-bgp-debounce-timeout=100", "-frrk8s-namespace=f", "-health-probe-port=0", "-pod-name=p",
      ],
    ])
    func `every flag of upstream's is understood`(arguments: [String]) async throws {
      let output = try await run(
        [try Tool.metallb()] + arguments + ["--namespace=n", "--kubeconfig=/no/such/file"], within: .seconds(10))
      #expect(output.error.contains("/no/such/file"), "\(output.error)")
      #expect(!output.error.contains("Usage"), "\(output.error)")
    }

    private static func kubeconfig(cluster: String, user: String = "{}", context: String = "c") -> String {
      """
      apiVersion: v1
      kind: Config
      clusters: [{name: c, cluster: \(cluster)}]
      users: [{name: u, user: \(user)}]
      contexts: [{name: c, context: {cluster: c, user: u}}]
      current-context: \(context)
      """
    }

    @Test(arguments: [
      ("", "kubeconfig"),
      ("{{ not yaml", "kubeconfig"),
      ("[]", "kubeconfig"),
      (kubeconfig(cluster: "{server: 'https://127.0.0.1:1'}", context: "absent"), "absent"),
      (kubeconfig(cluster: "{}"), "server"),
      (kubeconfig(cluster: "{server: 'gopher://127.0.0.1'}"), "gopher"),
      (
        kubeconfig(cluster: "{server: 'https://127.0.0.1:1', certificate-authority-data: '%%%'}"),
        "certificate-authority-data"
      ),
      (
        kubeconfig(cluster: "{server: 'https://127.0.0.1:1', certificate-authority-data: bm90IFBFTQ==}"),
        "certificate-authority-data"
      ),
      (
        kubeconfig(cluster: "{server: 'https://127.0.0.1:1', certificate-authority: /no/such/ca.crt}"),
        "/no/such/ca.crt"
      ),
      (
        kubeconfig(
          cluster: "{server: 'https://127.0.0.1:1'}",
          user: "{client-certificate: /no/such.crt, client-key: /no/such.key}"), "/no/such.crt"
      ),
    ])
    func `a kubeconfig that cannot work is refused with the field's name`(text: String, names: String) async throws {
      let path = try Workspace.current.file("kubeconfig", text)
      let output = try await run(
        [try Tool.metallb(), "controller", "--kubeconfig", path, "--namespace=n", "--port=0", "--health-probe-port=0"],
        within: .seconds(10))
      #expect((1..<128).contains(output.code), "code \(output.code)")
      let said = output.out + output.error
      #expect(said.contains(names), "\(said)")
      #expect(said.contains(path) || said.contains("kubeconfig's \(names)") || names.hasPrefix("/"), "\(said)")
    }

    @Test func `a kubeconfig that is not there is named`() async throws {
      let output = try await run(
        [try Tool.metallb(), "controller", "--kubeconfig", "/no/such/file", "--namespace=n"], within: .seconds(10))
      #expect((1..<128).contains(output.code))
      #expect((output.out + output.error).contains("/no/such/file"))
    }

    /// Tokens are written and renewed by others: a file that is missing now may be there in a moment.
    @Test func `a token file that is missing is said and waited for`() async throws {
      let path = try Workspace.current.file(
        "kubeconfig", Self.kubeconfig(cluster: "{server: 'https://127.0.0.1:1'}", user: "{tokenFile: /no/such/token}"))
      let controller = try Controller(kubeconfig: path)
      try await eventually("the log tells") {
        controller.log
      } isRight: {
        $0.contains("cannot read /no/such/token")
      }
      #expect(controller.process.isRunning)
      #expect(await controller.process.stop() == 0)
    }

    @Test func `a wrong token is said, again and again, without an end of the process`() async throws {
      try await LabAPIServer.with { server in
        // The server's kubeconfig with a token in place of the certificate.
        let text = try String(contentsOfFile: server.kubeconfig, encoding: .utf8)
        let lines = text.split(separator: "\n").filter { !$0.contains("client-") && !$0.contains("token:") }
        let wrong = try Workspace.current.file(
          "kubeconfig",
          lines.map { $0.hasSuffix("user:") ? "\($0) {token: wrong-token}" : String($0) }.joined(separator: "\n"))
        let controller = try Controller(kubeconfig: wrong)
        try await eventually("the log tells") {
          controller.log
        } isRight: {
          $0.contains("401") || $0.contains("nauthorized")
        }
        #expect(controller.process.isRunning)
        #expect(await controller.process.stop() == 0)
      }
    }

    @Test func `each invalid pool is told by name and field, the valid one serves`() async throws {
      try await LabAPIServer.with { server in
        let kubectl = Kubectl(.current, kubeconfig: server.kubeconfig)
        try await kubectl.apply(Manifest.namespace("metallb-system"))
        let broken = [
          "octet": "10.0.0.300/32", "backwards": "10.0.0.9-10.0.0.1", "mask": "10.0.0.0/33", "words": "many-addresses",
          "mixed": "192.0.2.9-2001:db8::1", "zero": "010.0.0.0/24",
        ]
        for (name, address) in broken { try await kubectl.apply(Manifest.pool(name, "\"\(address)\"")) }
        try await kubectl.apply(Manifest.pool("valid", "192.0.2.0/30"), Manifest.service("served"))
        try await Controller.with(kubeconfig: server.kubeconfig) { controller in
          try await eventually("the service is served", equals: ["192.0.2.0"]) {
            try await kubectl.addresses(of: "served")
          }
          for (name, address) in broken {
            try await eventually("\(name) is told") {
              controller.log
            } isRight: {
              $0.contains(name) && $0.contains(address)
            }
          }
        }
      }
    }

    @Test func `requests that make no sense are answered on the service`() async throws {
      try await LabAPIServer.with { server in
        let kubectl = Kubectl(.current, kubeconfig: server.kubeconfig)
        let requests: [(String, [String: String], String, String)] = [
          ("letters", ["metallb.io/loadBalancerIPs": "abc"], "", #"invalid metallb.io/loadBalancerIPs: "abc""#),
          (
            "both", ["metallb.io/loadBalancerIPs": "192.0.2.1"], "loadBalancerIP: 192.0.2.1",
            "service can not have both metallb.io/loadBalancerIPs and svc.Spec.LoadBalancerIP"
          ),
          (
            "family", ["metallb.io/loadBalancerIPs": "2001:db8::1"], "",
            #"requested loadBalancer IP(s) ["2001:db8::1"] does not match the ipFamily of the service"#
          ),
        ]
        try await kubectl.apply(Manifest.namespace("metallb-system"), Manifest.pool("pool", "192.0.2.0/28"))
        for (name, annotations, spec, _) in requests {
          try await kubectl.apply(Manifest.service(name, annotations: annotations, spec: spec))
        }
        try await Controller.with(kubeconfig: server.kubeconfig) { _ in
          for (name, _, _, message) in requests {
            try await eventually("\(name) is told") {
              try await kubectl.events(about: name)
            } isRight: { events in
              events.contains { $0.reason == "AllocationFailed" && $0.message.hasSuffix(message) }
            }
            #expect(try await kubectl.addresses(of: name) == [])
          }
        }
      }
    }
  }
}
