import Glibc
import KubernetesModel
import Primitives

/// What the demos have in common: a cluster that is up, the screen, steps that are shown as they happen, and looking at what
/// became of them.
package struct DemoStage: Sendable {
  let cluster: LabCluster
  let client: AddressPlan.Host
  let screen: DemoScreen
  private let binary: String

  package init(cluster: LabCluster, screen: DemoScreen, binary: String) throws {
    guard let client = cluster.plan.host("client") else { throw LabRefusal("the lab has no client") }
    self.cluster = cluster
    self.client = client
    self.screen = screen
    self.binary = binary
  }

  // MARK: Acts that every demo has

  func installProduct() async throws {
    try await self.step("applying Deploy/manifests/metallb-native.yaml") {
      for object in try DemoManifest.product(binary: self.binary) { try await self.apply(object) }
      self.screen.done("applied Deploy/manifests/metallb-native.yaml")
    }
    try await self.step("waiting for controller and speakers") {
      try await self.wait(for: "the controller and three speakers to be ready") { await self.isProductReady() }
      self.screen.done("controller and speakers are running")
    }
  }

  func awaitAddress() async throws -> String {
    try await self.step("waiting for EXTERNAL-IP") {
      let address = try await self.first("the Service to get an address") { await self.externalAddress() }
      self.screen.done("EXTERNAL-IP \(self.screen.strong(address)) for service default/nginx")
      return address
    }
  }

  /// The first answer of the Service, as a person at the client gets it.
  func firstAnswer(from address: String) async throws {
    let answer = try await self.first("an answer from \(address)") { await self.ask(address) }
    self.screen.done("client$ curl http://\(address)/")
    self.screen.detail(answer)
  }

  // MARK: Steps

  func step<Result: Sendable>(_ what: String, _ body: () async throws -> Result) async throws -> Result {
    self.screen.begin(what)
    do {
      return try await body()
    } catch {
      self.screen.failed(what, reason: "\(error)")
      self.screen.detail(await self.lastLogLines())
      throw error
    }
  }

  func first<Value>(_ what: String, _ look: () async -> Value?) async throws -> Value {
    let end = ContinuousClock.now + .seconds(30)
    while true {
      if let value = await look() { return value }
      if ContinuousClock.now > end { throw LabRefusal("waited 30 seconds for \(what)") }
      try await Task.sleep(for: .milliseconds(50))
    }
  }

  func wait(for what: String, _ condition: () async -> Bool) async throws {
    try await self.first(what) { await condition() ? () : nil }
  }

  func apply(yaml: String...) async throws {
    for text in yaml {
      for object in try DemoManifest.objects(in: text) { try await self.apply(object) }
    }
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

  func isProductReady() async -> Bool {
    let controller = await self.cluster.objects.get(
      LabKind.deployments, ObjectKey(namespace: "metallb-system", name: "controller"))
    let speaker = await self.cluster.objects.get(
      LabKind.daemonSets, ObjectKey(namespace: "metallb-system", name: "speaker"))
    return controller?.isTrue("Available") == true
      && speaker?.status["numberReady"]?.integer == Int64(self.cluster.plan.nodeCount)
  }

  func readyPods(in namespace: String = "default") async -> [LabObject] {
    await self.cluster.objects.list(LabKind.pods, namespace: namespace).filter { $0.isActivePod && $0.isReadyPod }
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
