import Glibc
import KubernetesModel
import Primitives

/// The product's main job, shown on a cluster of its own: a Service gets an address, a client reaches it, the announcing
/// node dies, the client still reaches it.
package struct Demo: Sendable {
  private static let loadTime = Duration.seconds(8)

  private let cluster: LabCluster
  private let client: AddressPlan.Host
  private let screen: DemoScreen
  private let binary: String

  package init(cluster: LabCluster, screen: DemoScreen, binary: String) throws {
    guard let client = cluster.plan.host("client") else { throw LabRefusal("the lab has no client") }
    self.cluster = cluster
    self.client = client
    self.screen = screen
    self.binary = binary
  }

  /// Runs on a cluster that is up; throws at the first step that fails, after showing it.
  package func run() async throws {
    let screen = self.screen
    screen.done("built three nodes, a client and a router on this machine")
    try await self.step("applying Deploy/manifests/metallb-native.yaml") {
      for object in try DemoManifest.product(binary: self.binary) { try await self.apply(object) }
      screen.done("applied Deploy/manifests/metallb-native.yaml")
    }
    try await self.step("waiting for controller and speakers") {
      try await self.wait(for: "the controller and three speakers to be ready") { await self.isProductReady() }
      screen.done("controller and speakers are running")
    }
    try await self.step("creating a pool, nginx and a Service of type LoadBalancer") {
      for text in [DemoManifest.configuration, DemoManifest.workload] {
        for object in try DemoManifest.objects(in: text) { try await self.apply(object) }
      }
      screen.done("created pool 10.0.0.35-10.0.0.39, Deployment nginx (3 replicas), Service nginx")
    }
    let address = try await self.step("waiting for EXTERNAL-IP") {
      let address = try await self.first("the Service to get an address") { await self.externalAddress() }
      screen.done("EXTERNAL-IP \(screen.strong(address)) for service default/nginx")
      return address
    }
    let announcer = try await self.step("client$ curl http://\(address)/") {
      let answer = try await self.first("an answer from \(address)") { await self.ask(address) }
      screen.done("client$ curl http://\(address)/")
      screen.detail(answer)
      let announcer = try await self.announcer(of: address)
      screen.done("announced by \(screen.strong(announcer.node)): the client's ARP entry is \(announcer.mac)")
      return announcer.node
    }
    try await self.step("\(announcer) loses its power while the client asks 50 times a second") {
      try await self.takeover(address, announcer)
    }
  }

  private func takeover(_ address: String, _ node: String) async throws {
    try await self.wait(for: "all pods to be ready") { await self.readyPods() == 3 }
    let load = DemoLoad(namespace: self.client.namespacePath, address: address)
    let report = try await load.run(for: Self.loadTime, killAfter: .seconds(1)) {
      try await self.cluster.carryOut(.kill(node: node))
    }
    guard let takeover = report.takeover else {
      throw LabRefusal("nobody answered any more: \(report.failures) of \(report.samples.count) requests failed")
    }
    let successor = try await self.announcer(of: address).node
    guard successor != node else { throw LabRefusal("the client still believes in \(node)") }
    self.screen.done("\(self.screen.strong(node)) lost its power while the client asked 50 times a second")
    self.screen.timeline(report.lossPerSlice(64))
    self.screen.done(
      "taken over by \(self.screen.strong(successor)) after \(self.screen.strong(DemoScreen.milliseconds(takeover)));"
        + " \(report.failures) of \(report.samples.count) requests failed")
  }

  // MARK: Steps

  private func step<Result: Sendable>(_ what: String, _ body: () async throws -> Result) async throws -> Result {
    self.screen.begin(what)
    do {
      return try await body()
    } catch {
      self.screen.failed(what, reason: "\(error)")
      self.screen.detail(await self.lastLogLines())
      throw error
    }
  }

  private func first<Value>(_ what: String, _ look: () async -> Value?) async throws -> Value {
    let end = ContinuousClock.now + .seconds(30)
    while true {
      if let value = await look() { return value }
      if ContinuousClock.now > end { throw LabRefusal("waited 30 seconds for \(what)") }
      try await Task.sleep(for: .milliseconds(50))
    }
  }

  private func wait(for what: String, _ condition: () async -> Bool) async throws {
    try await self.first(what) { await condition() ? () : nil }
  }

  private func apply(_ object: JSONValue) async throws {
    let resources = await self.cluster.registry.resources
    guard let version = object["apiVersion"]?.string, let kind = object["kind"]?.string,
      let definition = resources.definition(apiVersion: version, kind: kind)
    else { throw LabRefusal("no kind \(object["kind"]?.string ?? "") in \(object["apiVersion"]?.string ?? "")") }
    let namespace = object.namespace.isEmpty ? "default" : object.namespace
    let key = ObjectKey(namespace: definition.type.isNamespaced ? namespace : "", name: object.name)
    _ = try await self.cluster.registry.patch(
      .apply(object), definition.type, key, options: WriteOptions(fieldManager: "demo", force: true, user: .admin))
  }

  // MARK: Looking

  private func isProductReady() async -> Bool {
    let controller = await self.cluster.objects.get(
      LabKind.deployments, ObjectKey(namespace: "metallb-system", name: "controller"))
    let speaker = await self.cluster.objects.get(
      LabKind.daemonSets, ObjectKey(namespace: "metallb-system", name: "speaker"))
    return controller?.isTrue("Available") == true
      && speaker?.status["numberReady"]?.integer == Int64(self.cluster.plan.nodeCount)
  }

  private func readyPods() async -> Int {
    await self.cluster.objects.list(LabKind.pods, namespace: "default").filter { $0.isActivePod && $0.isReadyPod }.count
  }

  private func externalAddress() async -> String? {
    let service = await self.cluster.objects.get(LabKind.services, ObjectKey(namespace: "default", name: "nginx"))
    return service?.status[path: "loadBalancer", "ingress"]?.array?.first?["ip"]?.string
  }

  private func ask(_ address: String) async -> String? {
    let path = self.client.namespacePath
    if Tool.find("curl") != nil {
      return try? await Tool.run(["nsenter", "--net=\(path)", "curl", "-sS", "-m", "2", "http://\(address)/"])
    }
    return try? await NamespaceThread.run(in: path) { DemoLoad.get(address, timeout: .seconds(2)) }
  }

  /// Who answers for the address, by what the client has in its ARP table: the truth as the wire tells it.
  private func announcer(of address: String) async throws -> (node: String, mac: String) {
    let table = try await Tool.run(["ip", "-n", self.client.namespace, "neighbour", "show", address])
    let words = table.split { $0 == " " || $0 == "\n" }.map(String.init)
    guard let index = words.firstIndex(of: "lladdr"), index + 1 < words.count else {
      throw LabRefusal("the client has no ARP entry for \(address)")
    }
    let mac = words[index + 1]
    for node in self.cluster.plan.nodes {
      let link = try await Tool.run(["ip", "-n", node.namespace, "-brief", "link", "show", "eth0"])
      if link.contains(mac) { return (node.name, mac) }
    }
    throw LabRefusal("\(address) is answered for by \(mac), which is no node")
  }

  private func lastLogLines() async -> String {
    var lines: [String] = []
    let logs = PodLogs(directory: self.cluster.directory.podLogs)
    for pod in await self.cluster.objects.list(LabKind.pods, namespace: "metallb-system") {
      let name = pod.labels["component"] ?? ""
      let status = pod.status["containerStatuses"]?.array?.first
      let restarts = Int(clamping: status?["restartCount"]?.integer ?? 0)
      lines.append("\(pod.name) on \(pod.nodeName ?? "no node"): \(status?["state"]?.compactText ?? pod.phase)")
      for run in [restarts - 1, restarts] where run >= 0 {
        let file = logs.file(namespace: pod.namespace, pod: pod.name, uid: pod.uid, container: name, run: run)
        lines += PodLogs.Selection(tailLines: 4).lines(of: file.read(from: 0).text)
      }
    }
    return lines.joined(separator: "\n")
  }
}
