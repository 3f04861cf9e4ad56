import Foundation
import Harness
import Testing

extension Everything.Servers {
  /// What is in Deploy, as its readers see it: Helm, kustomize, a real API server, promtool.
  @Suite(.realAPIServer, .timeLimit(.minutes(2)))
  struct DeployTests {
    private let deploy = Tool.repository.appendingPathComponent("Deploy").path
    private let helm = Helm()

    private var kubectl: Kubectl {
      get throws { Kubectl(.current, kubeconfig: try #require(KubeAPIServer.current).kubeconfig) }
    }

    /// A copy of Deploy and of what renders it, to be changed.
    private func copy() async throws -> String {
      let top = Workspace.current.newDirectory("deploy").path
      let scripts = Tool.repository.appendingPathComponent("Scripts").path
      _ = try await run(["cp", "-a", self.deploy, scripts, top]).expectSuccess()
      return top
    }

    @Test func `the manifests are what the chart makes, and a change of either is noticed`() async throws {
      let top = try await self.copy()
      let assemble = "\(top)/Deploy/assemble"
      _ = try await run([assemble]).expectSuccess()
      let difference = try await run(["diff", "--recursive", "--brief", self.deploy, "\(top)/Deploy"])
      #expect(difference.code == 0, "run Deploy/assemble: \(difference.out)")

      for file in ["chart/values.yaml", "native/workloads.yaml", "crds/metallb.io_communities.yaml"] {
        #expect(try await run([assemble, "--check"]).code == 0)
        let path = "\(top)/Deploy/\(file)"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        try (text + "# changed\n").write(toFile: path, atomically: false, encoding: .utf8)
        let checked = try await run([assemble, "--check"])
        #expect(checked.code == 1 && checked.error.contains("Deploy/\(file)"), "\(checked)")
        try text.write(toFile: path, atomically: false, encoding: .utf8)
      }
    }

    @Test func `Helm finds nothing to say against the chart`() async throws {
      let output = try await self.helm.run("lint", Helm.chart)
      #expect(output.code == 0, "\(output)")
    }

    @Test(arguments: [
      (
        "speaker.memberlist.enabled=false,speaker.nodeSelector.x=y",
        "nodeSelector must be empty when memberlist is disabled"
      ),
      (
        "prometheus.serviceMonitor.enabled=true,prometheus.podMonitor.enabled=true",
        "prometheus.serviceMonitor.enabled and prometheus.podMonitor.enabled cannot both be set"
      ),
      (
        "prometheus.serviceMonitor.enabled=true",
        ".Values.prometheus.serviceAccount must be defined when .Values.prometheus.serviceMonitor.enabled == true"
      ),
      (
        "speaker.image.repository=quay.io/metallb/speaker",
        "speaker.image.repository is quay.io/metallb/speaker, which is"
      ),
      ("controller.logLevel=loud", "/controller/logLevel"),
      ("prometheus.metricsPort=70000", "/prometheus/metricsPort"),
      ("speaker.memberlist.mlBindProt=7000", "mlBindProt"),
    ])
    func `values that cannot be are refused by their names`(values: String, message: String) async throws {
      let output = try await self.helm.run("template", "metallb", Helm.chart, "--set", values)
      #expect(output.code == 1 && output.error.contains(message), "\(output)")
    }

    @Test func `a values file of MetalLB's chart says the same here`() async throws {
      let file = try Workspace.current.file("values.yaml", Self.values)
      let text = try await self.helm("template", "lb", Helm.chart, "--values", file)
      for line in [
        "name: lb-metallb-controller", "name: lb-metallb-speaker", "name: lb-metallb:speaker",
        "- --lb-class=example.org/lb",
        "- --port=7472", "- --log-level=debug", "- --tls-min-version=VersionTLS12", "- --metrics-cert-dir=/etc/metrics",
        "secretName: controller-metrics", "- --webhook-mode=onlywebhook", "- --ignore-exclude-lb", "- --ml-wan-config",
        "priorityClassName: system-node-critical", "value: \"7947\"", "value: other-secret", "failurePolicy: Ignore",
        "app.kubernetes.io/name=metallb,app.kubernetes.io/component=speaker", "team: network",
        "example.org/note: \"1\"",
        "memory: 100Mi", "name: sidecar", "node: edge", "runtimeClassName: fast", "port: 8443", "interval: 15s",
        "pool!~\"^test.*\"", "MetalLBAddressPoolUsage80Percent", "alert: Own", "serviceAccountName: given",
      ] {
        #expect(text.contains(line), "not in the rendered chart: \(line)")
      }
      #expect(
        !text.contains("alert: MetalLBStaleConfig") && !text.contains("kind: ServiceAccount\nmetadata:\n  name: given"))
    }

    @Test(arguments: ["crds.enabled=true", "speaker.enabled=false", "rbac.create=false", "plainManifests=true"])
    func `every role and account that is named is made`(values: String) async throws {
      let rendered = try await self.helm("template", "lb", Helm.chart, "--set", values)
      let judge = try Workspace.current.file(
        "judge.py",
        """
        import sys, yaml
        objects = [object for object in yaml.safe_load_all(sys.stdin) if object]
        names = {(object['kind'], object['metadata']['name']) for object in objects}
        assert len(names) == len(objects), 'two objects of one name'
        wanted = set()
        for object in objects:
            if object['kind'].endswith('RoleBinding'):
                wanted |= {(object['roleRef']['kind'], object['roleRef']['name'])}
                wanted |= {('ServiceAccount', subject['name']) for subject in object['subjects']}
            if object['kind'] in ('Deployment', 'DaemonSet'):
                wanted |= {('ServiceAccount', object['spec']['template']['spec']['serviceAccountName'])}
        print(sorted(wanted - names), len(wanted) > 0)
        """)
      let verdict = try await run([try Tool.cached("python/bin/python"), judge], input: rendered).expectSuccess()
      #expect(verdict == "[] True")
    }

    /// What Helm and the API server must find unchanged when a release of MetalLB 0.16.1's chart is upgraded: an object of
    /// another name leaves the old one's place, and selectors and the roles of bindings can never be changed.
    private static let identities = """
      ClusterRole lb-metallb:controller
      ClusterRole lb-metallb:speaker
      ClusterRoleBinding lb-metallb:controller lb-metallb:controller
      ClusterRoleBinding lb-metallb:speaker lb-metallb:speaker
      ConfigMap metallb-excludel2
      DaemonSet lb-metallb-speaker component=speaker instance=lb name=metallb
      Deployment lb-metallb-controller component=controller instance=lb name=metallb
      Role lb-metallb-controller
      Role lb-metallb-pod-lister
      RoleBinding lb-metallb-controller lb-metallb-controller
      RoleBinding lb-metallb-pod-lister lb-metallb-pod-lister
      Secret metallb-webhook-cert
      Service metallb-webhook-service
      ServiceAccount lb-metallb-controller
      ServiceAccount lb-metallb-speaker
      ValidatingWebhookConfiguration metallb-webhook-configuration
      """

    @Test func `a release of MetalLB's chart can be upgraded: names, selectors and roles are what they were`()
      async throws
    {
      let judge = try Workspace.current.file(
        "judge.py",
        """
        import sys, yaml
        for object in filter(None, yaml.safe_load_all(sys.stdin)):
            line = [object['kind'], object['metadata']['name']]
            if object['kind'].endswith('RoleBinding'):
                line.append(object['roleRef']['name'])
            if object['kind'] in ('Deployment', 'DaemonSet'):
                selector = object['spec']['selector']['matchLabels']
                assert selector.items() <= object['spec']['template']['metadata']['labels'].items()
                line += [f'{key.removeprefix("app.kubernetes.io/")}={selector[key]}' for key in sorted(selector)]
            print(*line)
        """)
      for values in ["frrk8s.enabled=true", "frrk8s.enabled=false,speaker.frr.enabled=true"] {
        let rendered = try await self.helm("template", "lb", Helm.chart, "--set", values)
        let found = try await run([try Tool.cached("python/bin/python"), judge], input: rendered).expectSuccess()
        let missing = Set(Self.identities.split(separator: "\n")).subtracting(found.split(separator: "\n"))
        #expect(missing.isEmpty, "\(missing) of\n\(found)")
      }
    }

    @Test func `the dashboard's panels lie side by side, each says what it shows, and red is not told from green`()
      throws
    {
      struct Dashboard: Decodable {
        struct Place: Decodable { var x, y, w, h: Int }
        struct Panel: Decodable {
          var id: Int
          var title, type: String
          var description: String?
          var gridPos: Place
        }
        var panels: [Panel]
      }
      let path = "\(self.deploy)/monitoring/grafana-dashboard.json"
      let text = try String(contentsOfFile: path, encoding: .utf8)
      let panels = try JSONDecoder().decode(Dashboard.self, from: Data(text.utf8)).panels
      #expect(Set(panels.map(\.id)).count == panels.count && panels.count > 25)
      #expect(panels.filter { $0.type != "row" && $0.description?.isEmpty != false }.map(\.title) == [])
      #expect(panels.filter { $0.gridPos.x + $0.gridPos.w > 24 }.map(\.title) == [], "wider than the page")
      for (index, one) in panels.enumerated() {
        for other in panels[(index + 1)...] {
          let apart =
            one.gridPos.x + one.gridPos.w <= other.gridPos.x || other.gridPos.x + other.gridPos.w <= one.gridPos.x
            || one.gridPos.y + one.gridPos.h <= other.gridPos.y || other.gridPos.y + other.gridPos.h <= one.gridPos.y
          #expect(apart, "\(one.title) lies on \(other.title)")
        }
      }
      #expect(!text.contains("green"), "not everybody can tell it from red: blue stands for good")
    }

    @Test func `promtool takes the alerts, as they are and as the chart makes them`() async throws {
      let promtool = try Tool.cached("bin/promtool")
      let plain = try await run([promtool, "check", "rules", "\(self.deploy)/monitoring/alerts.yaml"])
      #expect(plain.code == 0, "\(plain)")
      let file = try Workspace.current.file("values.yaml", Self.values)
      let rule = try await self.helm("template", "lb", Helm.chart, "--values", file, "--show", "prometheusrule.yaml")
      let spec = try #require(rule.range(of: "spec:\n")).upperBound
      let groups = rule[spec...].split(separator: "\n").map { $0.dropFirst(2) }.joined(separator: "\n")
      let rules = try Workspace.current.file("rules.yaml", groups)
      let rendered = try await run([promtool, "check", "rules", rules])
      #expect(rendered.code == 0, "\(rendered)\n\(groups)")
    }

    @Test func `a real API server takes every object, of the manifests and of the chart`() async throws {
      let kubectl = try self.kubectl
      // 1.20 knows no CEL rules in resource definitions, and no server without Prometheus' operator knows monitors.
      let manifests = try await kubectl(
        "apply", "--dry-run=server", "--validate=false", "-f", "\(self.deploy)/manifests/metallb-native.yaml", "-f",
        "\(self.deploy)/networkpolicies/networkpolicies.yaml")
      #expect(manifests.contains("daemonset.apps/speaker created (server dry run)"), "\(manifests)")
      let file = try Workspace.current.file("values.yaml", Self.values)
      let rendered = try await self.helm(
        "template", "lb", Helm.chart, "--values", file, "--set", "prometheus.podMonitor.enabled=false",
        "--set", "prometheus.prometheusRule.enabled=false", "--set", "networkpolicies.enabled=true")
      let chart = try await kubectl("apply", "--dry-run=server", "--validate=false", "-f", "-", input: rendered)
      #expect(chart.contains("daemonset.apps/lb-metallb-speaker created (server dry run)"), "\(chart)")
    }

    @Test func `kustomize makes the manifests of the base, and patches them by their names`() async throws {
      let kubectl = try self.kubectl
      func kinds(_ text: String) -> [Substring] {
        text.split(separator: "\n").filter { $0.hasPrefix("kind: ") }.sorted()
      }
      let base = try await kubectl("kustomize", "\(self.deploy)/native")
      let file = try String(contentsOfFile: "\(self.deploy)/manifests/metallb-native.yaml", encoding: .utf8)
      #expect(kinds(base) == kinds(file) && kinds(base).count > 20)
      let top = try await self.copy()
      try FileManager.default.createDirectory(atPath: "\(top)/own", withIntermediateDirectories: true)
      try """
      resources: [../Deploy/prometheus-native, ../Deploy/networkpolicies]
      namespace: metallb-system
      images:
      - {name: localhost/metallb/speaker, newName: registry.example/speaker, newTag: "9"}
      patches:
      - target: {kind: DaemonSet, name: speaker}
        patch: |
          - {op: add, path: /spec/template/spec/containers/0/args/-, value: --lb-class=example.org/lb}
      """.write(toFile: "\(top)/own/kustomization.yaml", atomically: false, encoding: .utf8)
      let own = try await kubectl("kustomize", "\(top)/own")
      for line in [
        "image: registry.example/speaker:9", "- --lb-class=example.org/lb", "kind: ServiceMonitor",
        "kind: NetworkPolicy",
      ] {
        #expect(own.contains(line), "not made by kustomize: \(line)")
      }
    }

    /// The values of MetalLB 0.16.1's chart, each with another value than it has by default where that changes anything.
    private static let values = """
      imagePullSecrets: [{name: pull}]
      loadBalancerClass: example.org/lb
      rbac: {create: true}
      tls:
        cipherSuites: TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
        curvePreferences: "29"
        minVersion: VersionTLS12
        controllerMetricsTLSSecret: controller-metrics
        speakerMetricsTLSSecret: speaker-metrics
      prometheus:
        scrapeAnnotations: true
        metricsPort: 7472
        rbacPrometheus: true
        serviceAccount: prometheus
        namespace: monitoring
        podMonitor: {enabled: true, additionalLabels: {team: network}, interval: 15s, jobLabel: app.kubernetes.io/name}
        serviceMonitor: {enabled: false}
        prometheusRule:
          enabled: true
          staleConfig: {enabled: false}
          addressPoolExhausted: {enabled: true, excludePools: "^test.*", labels: {severity: page}}
          addressPoolUsage:
            enabled: true
            excludePools: "^test.*"
            thresholds: [{percent: 80, labels: {severity: info}}]
          extraAlerts: [{alert: Own, expr: up == 0}]
      controller:
        logLevel: debug
        webhookMode: onlywebhook
        strategy: {type: Recreate}
        serviceAccount: {create: false, name: given}
        resources: {limits: {memory: 100Mi}}
        nodeSelector: {node: edge}
        podAnnotations: {example.org/note: "1"}
        priorityClassName: system-cluster-critical
        livenessProbe: {enabled: true, port: 17472, failureThreshold: 5}
        extraContainers: [{name: sidecar, image: example.org/sidecar}]
      speaker:
        logLevel: debug
        tolerateMaster: true
        memberlist: {enabled: true, mlBindPort: 7947, mlBindAddrOverride: "", mlSecretKeyPath: /etc/key}
        excludeInterfaces: {enabled: true}
        ignoreExcludeLB: true
        wanConfig: true
        secretName: other-secret
        bgpDebounceTimeout: 500
        updateStrategy: {type: RollingUpdate}
        tolerations: [{key: edge, operator: Exists}]
        priorityClassName: system-node-critical
        runtimeClassName: fast
        startupProbe: {enabled: true, failureThreshold: 30, periodSeconds: 5}
        frr: {enabled: false, image: {repository: quay.io/frrouting/frr, tag: 10.5.3}, metricsPort: 9121}
        reloader: {resources: {}}
        frrMetrics: {resources: {}}
        initContainers: {cpFrrFiles: {resources: {}}}
      crds: {enabled: true, validationFailurePolicy: Ignore}
      frrk8s: {enabled: true, external: false, namespace: ""}
      frr-k8s: {prometheus: {serviceMonitor: {enabled: false}}}
      networkpolicies: {enabled: true, defaultDeny: true, apiPort: 8443}
      """
  }
}
