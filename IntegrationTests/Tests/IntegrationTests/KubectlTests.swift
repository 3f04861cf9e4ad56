import Foundation
import Harness
import Testing

/// An API server that kubectl is pointed at, and the kubectl.
struct Pairing: Sendable, CustomTestStringConvertible {
  enum Server: String, Sendable, CaseIterable {
    /// `metallb lab apiserver`
    case lab
    /// kube-apiserver, 1.20 unless another one is named: it shows that what the tests expect of the lab is what a real one does.
    case real
  }

  let server: Server
  let release: Kubectl.Release

  static let all = Server.allCases.flatMap { server in
    Kubectl.Release.allCases.map { Pairing(server: server, release: $0) }
  }

  var testDescription: String { "\(self.release) on the \(self.server) API server" }

  /// kubeconfigs of the servers that a suite has started.
  @TaskLocal static var kubeconfigs: [Server: String] = [:]

  /// kubectl in a namespace of its own.
  func enter() async throws -> Kubectl {
    let kubeconfig = try #require(Pairing.kubeconfigs[self.server])
    let namespace = "test-\(Workspace.current.newNumber())"
    let text = try String(contentsOfFile: kubeconfig, encoding: .utf8)
    let copy = try Workspace.current.file("kubeconfig", text)
    let kubectl = Kubectl(self.release, kubeconfig: copy)
    try await kubectl("create", "namespace", namespace)
    try await kubectl("config", "set-context", "--current", "--namespace", namespace)
    return kubectl
  }
}

/// Both API servers for a whole suite.
struct BothAPIServers: SuiteTrait, TestScoping {
  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    try await KubeAPIServer.with { real in
      try await real.install()
      try await LabAPIServer.with { lab in
        try await Pairing.$kubeconfigs.withValue([.real: real.kubeconfig, .lab: lab.kubeconfig]) {
          try await function()
        }
      }
    }
  }
}

extension Trait where Self == BothAPIServers {
  static var bothAPIServers: Self { BothAPIServers() }
}

extension Everything.Servers {
  /// What people type with kubectl, against the lab's API server and a real one: both must answer the same.
  @Suite(.bothAPIServers, .timeLimit(.minutes(3)))
  struct KubectlTests {
    static let service = """
      apiVersion: v1
      kind: Service
      metadata: {name: web, labels: {app: web}}
      spec:
        type: LoadBalancer
        selector: {app: web}
        ports: [{name: http, port: 80, protocol: TCP, targetPort: 8080}]
      """

    static func pool(_ addresses: String) -> String {
      """
      apiVersion: metallb.io/v1beta1
      kind: IPAddressPool
      metadata: {name: pool}
      spec:
        addresses: [\(addresses)]
      """
    }

    /// A table without the column of ages, its cells joined by `|`.
    private func cells(_ table: String) -> [String] {
      table.split(separator: "\n").map { line in
        line.split(separator: " ", omittingEmptySubsequences: true).joined(separator: "|")
      }
    }

    @Test(arguments: Pairing.all)
    func `apply creates, finds unchanged, and configures`(_ pairing: Pairing) async throws {
      let kubectl = try await pairing.enter()
      let deployment = Manifest.deployment("web", replicas: 2)
      #expect(
        try await kubectl.apply(Self.service, deployment, Self.pool("192.0.2.0/24")) == """
          service/web created
          deployment.apps/web created
          ipaddresspool.metallb.io/pool created
          """)
      #expect(
        try await kubectl.apply(Self.service, deployment, Self.pool("192.0.2.0/24")) == """
          service/web unchanged
          deployment.apps/web unchanged
          ipaddresspool.metallb.io/pool unchanged
          """)
      #expect(
        try await kubectl.apply(
          Self.service.replacingOccurrences(of: "port: 80,", with: "port: 81,"),
          Manifest.deployment("web", replicas: 3), Self.pool("192.0.2.0/25"))
            == """
            service/web configured
            deployment.apps/web configured
            ipaddresspool.metallb.io/pool configured
            """)
      let port = try await kubectl("get", "service", "web", "-o", "jsonpath={.spec.ports[*].port}")
      #expect(port == "81")
    }

    @Test(arguments: Pairing.all)
    func `tables have the columns that people know`(_ pairing: Pairing) async throws {
      let kubectl = try await pairing.enter()
      try await kubectl.apply(
        Self.service, Self.pool("192.0.2.0/24, 2001:db8::/64"),
        Manifest.advertisement("l2", pools: "pool", namespace: ""))
      let cluster = try await kubectl("get", "service", "web", "-o", "jsonpath={.spec.clusterIP}")
      let node = try await kubectl("get", "service", "web", "-o", "jsonpath={.spec.ports[0].nodePort}")

      let services = self.cells(try await kubectl("get", "services"))
      #expect(services.first == "NAME|TYPE|CLUSTER-IP|EXTERNAL-IP|PORT(S)|AGE")
      #expect(services.last?.hasPrefix("web|LoadBalancer|\(cluster)|<pending>|80:\(node)/TCP|") == true)
      let wide = self.cells(try await kubectl("get", "service", "web", "-o", "wide"))
      #expect(wide.first == "NAME|TYPE|CLUSTER-IP|EXTERNAL-IP|PORT(S)|AGE|SELECTOR")
      #expect(wide.last?.hasSuffix("|app=web") == true)
      #expect(
        self.cells(try await kubectl("get", "ipaddresspools")) == [
          "NAME|AUTO|ASSIGN|AVOID|BUGGY|IPS|ADDRESSES", #"pool|true|false|["192.0.2.0/24","2001:db8::/64"]"#,
        ])
      #expect(
        self.cells(try await kubectl("get", "l2advertisements")).first
          == "NAME|IPADDRESSPOOLS|IPADDRESSPOOL|SELECTORS|INTERFACES")
      let none = try await kubectl.run("get", "pods")
      #expect(none.code == 0)
      #expect(none.error.hasPrefix("No resources found in test-"))
    }

    @Test(arguments: Pairing.all)
    func `get prints names, fields, columns and documents`(_ pairing: Pairing) async throws {
      let kubectl = try await pairing.enter()
      try await kubectl.apply(Self.service)
      try await kubectl("patch", "service", "web", "--type=merge", "-p", #"{"metadata":{"annotations":{"a":"b"}}}"#)
      #expect(try await kubectl("get", "service", "-o", "name") == "service/web")
      #expect(
        self.cells(try await kubectl("get", "service", "-o", "custom-columns=N:.metadata.name,P:.spec.ports[*].port"))
          == ["N|P", "web|80"])
      #expect(try await kubectl("get", "svc", "-l", "app=web", "-o", "name") == "service/web")
      #expect(try await kubectl("get", "svc", "-l", "app!=web", "-o", "name") == "")
      #expect(try await kubectl("get", "svc", "-l", "app in (web,other)", "-o", "name") == "service/web")
      #expect(try await kubectl("get", "svc", "--field-selector", "metadata.name=web", "-o", "name") == "service/web")
      let yaml = try await kubectl("get", "service", "web", "-o", "yaml").split(separator: "\n").map(String.init)
      #expect(yaml.prefix(2) == ["apiVersion: v1", "kind: Service"])
      for line in ["    a: b", "  type: LoadBalancer", "  sessionAffinity: None", "    protocol: TCP"] {
        #expect(yaml.contains(line), "no line '\(line)'")
      }
      // The document is good enough to be applied again.
      let again = try await kubectl("get", "service", "web", "-o", "json")
      #expect(try await kubectl.apply(again).hasPrefix("service/web "))
    }

    @Test(arguments: Pairing.all)
    func `long lists come in pages`(_ pairing: Pairing) async throws {
      let kubectl = try await pairing.enter()
      let names = (1...7).map { "map-\($0)" }
      try await kubectl(
        "apply", "-f", "-",
        input: names.map { "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: \($0), labels: {paged: 'yes'}}" }.joined(
          separator: "\n---\n"))
      let paged = try await kubectl("get", "configmaps", "-l", "paged=yes", "--chunk-size=3", "-o", "name")
      #expect(paged == names.map { "configmap/\($0)" }.joined(separator: "\n"))
    }

    @Test(arguments: Pairing.all)
    func `describe tells the service and its events`(_ pairing: Pairing) async throws {
      let kubectl = try await pairing.enter()
      try await kubectl.apply(Self.service)
      let namespace = try await kubectl("get", "service", "web", "-o", "jsonpath={.metadata.namespace}")
      let identifier = try await kubectl("get", "service", "web", "-o", "jsonpath={.metadata.uid}")
      try await kubectl(
        "create", "-f", "-",
        input: """
          apiVersion: v1
          kind: Event
          metadata: {generateName: web., namespace: \(namespace)}
          involvedObject: {apiVersion: v1, kind: Service, name: web, namespace: \(namespace), uid: \(identifier)}
          type: Warning
          reason: AllocationFailed
          message: 'Failed to allocate IP for "default/web": no available IPs'
          source: {component: metallb-controller}
          firstTimestamp: "2026-01-01T00:00:00Z"
          lastTimestamp: "2026-01-01T00:00:00Z"
          count: 1
          """)
      let text = try await kubectl("describe", "service", "web")
      let lines = self.cells(text)
      for line in [
        "Name:|web", "Namespace:|\(namespace)", "Selector:|app=web", "Type:|LoadBalancer", "Port:|http|80/TCP",
      ] {
        #expect(lines.contains(line), "no line \(line) in\n\(text)")
      }
      let event = try #require(lines.last)
      #expect(event.hasPrefix("Warning|AllocationFailed|"))
      #expect(event.hasSuffix(#"|metallb-controller|Failed|to|allocate|IP|for|"default/web":|no|available|IPs"#))
    }

    @Test(arguments: Pairing.all)
    func `get --watch shows what comes, changes and goes`(_ pairing: Pairing) async throws {
      let kubectl = try await pairing.enter()
      try await kubectl("create", "service", "clusterip", "there", "--tcp=80")
      let watch = try kubectl.start(["get", "services", "--watch", "--output-watch-events", "--no-headers"])
      func seen() -> [String] {
        watch.standardOutput.split(separator: "\n").map { line in
          line.split(separator: " ").prefix(2).joined(separator: " ")
        }
      }
      try await eventually("the watch shows what was there", equals: ["ADDED there"]) { seen() }
      try await kubectl.apply(Self.service)
      try await kubectl("label", "service", "web", "more=labels")
      try await kubectl("delete", "service", "web")
      try await eventually(
        "the watch saw all three", equals: ["ADDED there", "ADDED web", "MODIFIED web", "DELETED web"]
      ) { seen() }
      await watch.stop()
    }

    @Test(arguments: Pairing.all)
    func `wait succeeds on conditions and deletions and times out with code 1`(_ pairing: Pairing) async throws {
      let kubectl = try await pairing.enter()
      #expect(
        try await kubectl("wait", "--for=condition=Established", "crd/ipaddresspools.metallb.io", "--timeout=10s")
          == "customresourcedefinition.apiextensions.k8s.io/ipaddresspools.metallb.io condition met")
      try await kubectl.apply(Self.service, Manifest.deployment("web"))
      let late = try await kubectl.run("wait", "--for=condition=Available", "deployment/web", "--timeout=2s")
      #expect(late.code == 1)
      #expect(late.error.hasPrefix("error: timed out waiting for the condition on deployments/web"))
      let gone = try kubectl.start(["wait", "--for=delete", "service/web", "--timeout=20s", "-v=6"])
      try await eventually("it has found the Service") {
        gone.standardError
      } isRight: {
        $0.contains("/services/web")
      }
      try await Task.sleep(for: .milliseconds(500))
      #expect(gone.isRunning)
      try await kubectl("delete", "service", "web")
      #expect(try await gone.output(within: .seconds(20)).expectSuccess() == "service/web condition met")
    }

    @Test(arguments: Pairing.all)
    func `edit opens the document in an editor and sends what changed`(_ pairing: Pairing) async throws {
      let kubectl = try await pairing.enter()
      try await kubectl.apply(Self.service, Self.pool("192.0.2.0/24"))
      let editor = try Workspace.current.file(
        "editor", "#!/bin/sh\nsed -i -e 's/port: 80$/port: 8081/' -e 's,192.0.2.0/24,192.0.2.0/26,' \"$1\"\n")
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: editor)
      let environment = ["EDITOR": editor, "KUBE_EDITOR": editor]
      #expect(try await kubectl("edit", "service", "web", environment: environment) == "service/web edited")
      #expect(try await kubectl("get", "svc", "web", "-o", "jsonpath={.spec.ports[0].port}") == "8081")
      #expect(
        try await kubectl("edit", "ipaddresspool", "pool", environment: environment)
          == "ipaddresspool.metallb.io/pool edited")
      #expect(
        try await kubectl("get", "ipaddresspool", "pool", "-o", "jsonpath={.spec.addresses}") == #"["192.0.2.0/26"]"#)
      let unchanged = try await kubectl.run("edit", "service", "web", environment: environment)
      #expect(unchanged.error + unchanged.out == "Edit cancelled, no changes made.\n")
    }

    @Test(arguments: Pairing.all)
    func `three kinds of patch do what each promises`(_ pairing: Pairing) async throws {
      let kubectl = try await pairing.enter()
      try await kubectl.apply(Self.service, Self.pool("192.0.2.0/24"))
      let ports = "jsonpath={.spec.ports[*].port}"
      // Strategic: lists merge by their key, which for a Service's ports is the port.
      #expect(
        try await kubectl("patch", "service", "web", "-p", #"{"spec":{"ports":[{"name":"tls","port":443}]}}"#)
          == "service/web patched")
      #expect(try await kubectl("get", "service", "web", "-o", ports) == "443 80")
      // Merge: lists are replaced.
      try await kubectl(
        "patch", "service", "web", "--type=merge", "-p", #"{"spec":{"ports":[{"name":"dns","port":53}]}}"#)
      #expect(try await kubectl("get", "service", "web", "-o", ports) == "53")
      // JSON: operations.
      try await kubectl(
        "patch", "ipaddresspool", "pool", "--type=json", "-p",
        #"[{"op":"test","path":"/spec/addresses/0","value":"192.0.2.0/24"},{"op":"add","path":"/spec/addresses/-","value":"192.0.3.0/24"}]"#
      )
      #expect(
        try await kubectl("get", "ipaddresspool", "pool", "-o", "jsonpath={.spec.addresses[*]}")
          == "192.0.2.0/24 192.0.3.0/24")
      let strategic = try await kubectl.run("patch", "ipaddresspool", "pool", "-p", #"{"spec":{"autoAssign":false}}"#)
      #expect(strategic.code == 1)
      #expect(strategic.error.contains("the body of the request was in an unknown format"))
      let failing = try await kubectl.run(
        "patch", "service", "web", "--type=json", "-p", #"[{"op":"test","path":"/spec/type","value":"ClusterIP"}]"#)
      #expect(failing.code == 1)
    }

    @Test(arguments: Pairing.all)
    func `scale, label, annotate and set image change what they name`(_ pairing: Pairing) async throws {
      let kubectl = try await pairing.enter()
      try await kubectl.apply(Manifest.deployment("web"))
      #expect(try await kubectl("scale", "deployment", "web", "--replicas=3") == "deployment.apps/web scaled")
      #expect(try await kubectl("label", "deployment", "web", "tier=front") == "deployment.apps/web labeled")
      #expect(try await kubectl("annotate", "deployment", "web", "note=x") == "deployment.apps/web annotated")
      #expect(
        try await kubectl("set", "image", "deployment/web", "web=nginx:2") == "deployment.apps/web image updated")
      let template =
        "jsonpath={.spec.replicas} {.metadata.labels.tier} {.metadata.annotations.note} {.spec.template.spec.containers[0].image}"
      #expect(try await kubectl("get", "deployment", "web", "-o", template) == "3 front x nginx:2")
      // Of these four, only the label is no change of what a Deployment's generation counts.
      #expect(try await kubectl("get", "deployment", "web", "-o", "jsonpath={.metadata.generation}") == "4")
      let occupied = try await kubectl.run("label", "deployment", "web", "tier=back")
      #expect(occupied.code == 1)
      try await kubectl("label", "deployment", "web", "tier-")
      #expect(try await kubectl("get", "deployment", "web", "-o", "jsonpath={.metadata.labels.tier}") == "")
    }

    @Test(arguments: Pairing.all)
    func `create makes maps, secrets, deployments and load balancers`(_ pairing: Pairing) async throws {
      let kubectl = try await pairing.enter()
      #expect(try await kubectl("create", "configmap", "m", "--from-literal=a=b") == "configmap/m created")
      #expect(try await kubectl("create", "secret", "generic", "s", "--from-literal=a=b") == "secret/s created")
      #expect(try await kubectl("get", "secret", "s", "-o", "jsonpath={.data.a} {.type}") == "Yg== Opaque")
      #expect(
        try await kubectl("create", "deployment", "shop", "--image=nginx", "--replicas=2", "--port=80")
          == "deployment.apps/shop created")
      #expect(
        try await kubectl("expose", "deployment", "shop", "--type=LoadBalancer", "--port=8080", "--target-port=80")
          == "service/shop exposed")
      #expect(
        try await kubectl("get", "service", "shop", "-o", "jsonpath={.spec.selector.app} {.spec.ports[0].targetPort}")
          == "shop 80")
      let again = try await kubectl.run("create", "configmap", "m", "--from-literal=a=c")
      #expect(again.code == 1)
      #expect(again.error.contains(#"configmaps "m" already exists"#))
    }

    @Test(arguments: Pairing.all)
    func `delete waits until finalizers are gone`(_ pairing: Pairing) async throws {
      let kubectl = try await pairing.enter()
      try await kubectl.apply(Self.service)
      try await kubectl(
        "patch", "service", "web", "--type=merge", "-p", #"{"metadata":{"finalizers":["metallb.io/test"]}}"#)
      let deletion = try kubectl.start(["delete", "service", "web"])
      try await eventually("it is being deleted", within: .seconds(10)) {
        try await kubectl("get", "service", "web", "-o", "jsonpath={.metadata.deletionTimestamp}")
      } isRight: {
        !$0.isEmpty
      }
      try await Task.sleep(for: .seconds(1))
      #expect(deletion.isRunning)
      try await kubectl("patch", "service", "web", "--type=merge", "-p", #"{"metadata":{"finalizers":null}}"#)
      #expect(try await deletion.output(within: .seconds(20)).expectSuccess().hasPrefix(#"service "web" deleted"#))
      let missing = try await kubectl.run("delete", "service", "web")
      #expect(missing.code == 1)
      #expect(missing.error == "Error from server (NotFound): services \"web\" not found\n")
      #expect(try await kubectl("delete", "service", "web", "--ignore-not-found") == "")
    }

    @Test(arguments: Pairing.all)
    func `server-side apply knows who owns a field`(_ pairing: Pairing) async throws {
      let kubectl = try await pairing.enter()
      let pool = Self.pool("192.0.2.0/24")
      #expect(
        try await kubectl("apply", "--server-side", "-f", "-", input: pool)
          == "ipaddresspool.metallb.io/pool serverside-applied")
      let other = Self.pool("198.51.100.0/24")
      let conflict = try await kubectl.run("apply", "--server-side", "--field-manager=other", "-f", "-", input: other)
      #expect(conflict.code == 1)
      #expect(conflict.error.contains(#"conflict with "kubectl""#))
      #expect(conflict.error.contains(".spec.addresses"))
      try await kubectl("apply", "--server-side", "--field-manager=other", "--force-conflicts", "-f", "-", input: other)
      #expect(
        try await kubectl("get", "ipaddresspool", "pool", "-o", "jsonpath={.spec.addresses[*]}") == "198.51.100.0/24")
      let back = try await kubectl.run("apply", "--server-side", "-f", "-", input: pool)
      #expect(back.error.contains(#"conflict with "other""#))
    }

    @Test(arguments: Pairing.all)
    func `a document of yesterday is refused`(_ pairing: Pairing) async throws {
      let kubectl = try await pairing.enter()
      try await kubectl.apply(Self.service)
      let old = try await kubectl("get", "service", "web", "-o", "json")
      try await kubectl("annotate", "service", "web", "newer=yes")
      let conflict = try await kubectl.run("replace", "-f", "-", input: old)
      #expect(conflict.code == 1)
      #expect(conflict.error.contains("Error from server (Conflict)"))
      #expect(
        conflict.error.contains(
          "the object has been modified; please apply your changes to the latest version and try again"))
    }

    @Test(arguments: Pairing.all)
    func `a dry run changes nothing, diff shows the change`(_ pairing: Pairing) async throws {
      let kubectl = try await pairing.enter()
      try await kubectl.apply(Self.pool("192.0.2.0/24"))
      let changed = Self.pool("192.0.2.0/28")
      #expect(
        try await kubectl("apply", "--dry-run=server", "-f", "-", input: changed)
          == "ipaddresspool.metallb.io/pool configured (server dry run)")
      let difference = try await kubectl.run("diff", "-f", "-", input: changed)
      #expect(difference.code == 1)
      #expect(difference.out.contains("\n-  - 192.0.2.0/24\n+  - 192.0.2.0/28"))
      #expect(
        try await kubectl("get", "ipaddresspool", "pool", "-o", "jsonpath={.spec.addresses[*]}") == "192.0.2.0/24")
    }

    @Test(arguments: Pairing.all)
    func `mistakes are answered as users know them`(_ pairing: Pairing) async throws {
      let kubectl = try await pairing.enter()
      func error(of input: String) async throws -> String {
        let output = try await kubectl.run("create", "-f", "-", "--validate=false", input: input)
        #expect(output.code == 1)
        return output.error
      }
      let text = try await error(of: Self.pool("1").replacingOccurrences(of: "[1]", with: "text"))
      #expect(text.contains(#"The IPAddressPool "pool" is invalid"#))
      #expect(text.contains("spec.addresses"))
      let missing = try await error(
        of: "apiVersion: metallb.io/v1beta1\nkind: IPAddressPool\nmetadata: {name: p}\nspec: {}")
      #expect(missing.contains("spec.addresses: Required value"))
      let portless = try await error(
        of: "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {type: LoadBalancer}")
      #expect(portless.contains(#"The Service "s" is invalid: spec.ports: Required value"#))
      let nameless = try await error(of: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: Not_A_Name}")
      #expect(nameless.contains(#"The ConfigMap "Not_A_Name" is invalid: metadata.name: Invalid value: "Not_A_Name""#))
      let unknown = try await kubectl.run("get", "gadgets")
      #expect(unknown.error == "error: the server doesn't have a resource type \"gadgets\"\n")
      let nowhere = try await kubectl.run("create", "configmap", "m", "--namespace=nowhere")
      #expect(nowhere.error.contains(#"namespaces "nowhere" not found"#))
      let absent = try await kubectl.run("get", "ipaddresspool", "absent")
      #expect(absent.error == "Error from server (NotFound): ipaddresspools.metallb.io \"absent\" not found\n")
      try await kubectl.apply(Self.service)
      let moved = try await kubectl.run("patch", "service", "web", "-p", #"{"spec":{"clusterIP":"10.96.77.77"}}"#)
      #expect(moved.code == 1)
      #expect(moved.error.contains("field is immutable") || moved.error.contains("may not change once set"))
    }

    @Test(arguments: Pairing.all)
    func `discovery and explain know our kinds`(_ pairing: Pairing) async throws {
      let kubectl = try await pairing.enter()
      let resources = try await kubectl("api-resources", "--api-group=metallb.io", "-o", "name")
      let all = [
        "bfdprofiles", "bgpadvertisements", "bgppeers", "communities", "configurationstates", "ipaddresspools",
        "l2advertisements", "servicebgpstatuses", "servicel2statuses",
      ]
      #expect(resources.split(separator: "\n").sorted() == all.map { "\($0).metallb.io" }[...].map { Substring($0) })
      let explanation = try await kubectl("explain", "ipaddresspool.spec.autoAssign")
      #expect(explanation.contains("<boolean>"))
    }
  }
}
