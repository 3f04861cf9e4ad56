import CLinux
import Glibc
import KubernetesModel
import Logging
import NIOCore
import Primitives
import Serving
import ServiceLifecycle

/// A whole lab: network, API server, controllers and nodes, in one process.
///
///     clients ─▶ 127.0.0.1 ─▶ APIRouter ─▶ APIRegistry ◀─ ClusterControllers ◀── heartbeats ─┐
///     nodes ─▶ 198.18.0.1 ─▶ ControlPlaneRelay ─┘  ▲                                         │
///                                                  └── LabMachine × N: agent, proxy ─────────┘
///
/// A rack with routers is nodes and, as machines like them, hosts that run FRR.
///
/// When its task ends, for whatever reason, everything that it made is gone: processes, namespaces, files.
package final class LabCluster: Sendable {
  /// What a lab is to be like.
  package struct Settings: Sendable {
    package var name: String
    package var nodes: Int
    /// How many routers the rack has; none = everybody is on one wire.
    package var rackRouters: Int
    /// How long a node may be silent before it counts as dead.
    package var nodeGrace: Duration
    /// Where the API server listens for clients of this machine; 0 = any free port.
    package var port: Int
    /// What runs from files of this machine.
    package var images: LocalImages

    package init(
      name: String, nodes: Int, rackRouters: Int = 0, nodeGrace: Duration = .seconds(2), port: Int = 0,
      images: LocalImages = LocalImages()
    ) {
      self.name = name
      self.nodes = nodes
      self.rackRouters = rackRouters
      self.nodeGrace = nodeGrace
      self.port = port
      self.images = images
    }
  }

  package let plan: AddressPlan
  package let directory: LabDirectory
  package let topology: Topology
  package let registry: APIRegistry
  package let objects: any ClusterObjects
  private let settings: Settings
  private let authenticator: Authenticator
  private let controllers: ClusterControllers
  private let machines: [LabMachine]
  private let credentials: ClusterCredentials
  private let logger: Logger

  package init(_ settings: Settings, binary: String, logger: Logger) throws {
    guard
      let plan = AddressPlan(
        lab: settings.name, nodeCount: settings.nodes, rackRouterCount: settings.rackRouters)
    else {
      throw LabRefusal(
        "A lab has a name of up to 20 lower-case letters, digits and dashes, 1 to \(AddressPlan.maximumNodes) nodes, "
          + "and up to \(AddressPlan.maximumRackRouters) routers in its rack.")
    }
    self.settings = settings
    self.plan = plan
    self.directory = LabDirectory(lab: settings.name)
    self.topology = Topology(plan: plan)
    self.logger = logger
    let registry = APIRegistry(
      settings: APIRegistry.Settings(
        serviceRanges: AddressPlan.serviceNetworks.compactMap { IPPrefix($0) },
        advertisedAddress: .v4(AddressPlan.controlPlane), advertisedPort: AddressPlan.controlPlanePort))
    let objects = RegistryObjects(registry)
    let credentials = try ClusterCredentials()
    let authority = try credentials.authority.pem()
    let authenticator = credentials.authenticator()
    let controllers = ClusterControllers(objects: objects, logger: logger, grace: settings.nodeGrace)
    let logs = PodLogs(directory: self.directory.podLogs)
    self.registry = registry
    self.objects = objects
    self.authenticator = authenticator
    self.controllers = controllers
    self.credentials = credentials
    let (pods, topology) = (self.directory.pods, self.topology)
    let tokens = ServiceAccountTokens(authenticator)
    let nodes = plan.nodes.map { host in
      let context = NodeContext(
        host: host, lab: plan.lab, objects: objects, logs: logs, podsDirectory: "\(pods)/\(host.name)",
        binary: binary, images: settings.images, tokens: { await tokens.token(namespace: $0, serviceAccount: $1) },
        authority: authority,
        link: NodeLink(), logger: logger)
      let system = NodeSystem(context: context, controllers: controllers)
      return LabMachine(host: host, topology: topology) { await system.run() }
    }
    let directory = self.directory
    let routers = plan.hosts.filter { $0.uplink != nil }.map { host in
      let system = RouterSystem(host, in: plan, directory: directory, logger: logger)
      return LabMachine(host: host, topology: topology) { await system.run() }
    }
    self.machines = nodes + routers
  }

  /// Runs the lab until the task is cancelled; `ready` is called once, when clients can use it.
  ///
  /// The caller holds the directory's lock.
  package func run(ready: @escaping @Sendable () async -> Void) async throws {
    do {
      try await Topology.remove(lab: self.plan.lab)
      try await self.directory.create()
      for node in self.plan.nodes { try await BlockingFiles.makeDirectory("\(self.directory.pods)/\(node.name)") }
      try await self.topology.build()
      try await self.operate(ready)
    } catch {
      await self.demolish()
      if !(error is CancellationError), !Task.isCancelled { throw error }
      return
    }
    await self.demolish()
  }

  private func demolish() async {
    try? await Topology.remove(lab: self.plan.lab)
    await self.directory.remove()
  }

  private func operate(_ ready: @escaping @Sendable () async -> Void) async throws {
    await self.registry.furnishCluster()
    try await self.registerNodes()
    let fabric = "/run/netns/\(self.plan.fabric)"
    let relay = try await NamespaceListener.bind(
      AddressPlan.controlPlane, port: AddressPlan.controlPlanePort, in: fabric)
    let heartbeats = try await NamespaceListener.bind(
      AddressPlan.controlPlane, port: AddressPlan.heartbeatPort, in: fabric)
    let router = APIRouter(
      registry: self.registry, authenticator: self.authenticator,
      logs: PodLogReader(logs: PodLogs(directory: self.directory.podLogs), objects: self.objects),
      webhookNamespace: fabric)
    let (addresses, listening) = AsyncStream.makeStream(of: SocketAddress.self, bufferingPolicy: .bufferingNewest(1))
    let (finished, stop) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        var configuration = APIServer.Configuration(port: self.settings.port)
        configuration.addresses = [.v4(AddressPlan.controlPlane)]
        try await APIServer(
          configuration, router: router, credentials: self.credentials, logger: self.logger,
          onListening: { listening.yield($0) }
        ).run()
      }
      group.addTask {
        for await address in addresses {
          let kubeconfig = try self.credentials.kubeconfig(server: "https://127.0.0.1:\(address.port ?? 0)")
          try await BlockingFiles.write(Array(kubeconfig.utf8), to: self.directory.kubeconfig)
          await ready()
          try await ControlPlaneRelay(descriptor: relay, target: address).run()
        }
      }
      group.addTask {
        // Whoever connects finds the control plane alive; that is all.
        try await NamespaceListener.run(heartbeats) { _ in }
      }
      group.addTask { await self.controllers.run() }
      for machine in self.machines { group.addTask { await machine.run() } }
      group.addTask {
        try await LabControl(path: self.directory.control) { order in
          if order == .down { stop.yield() } else { try await self.carryOut(order) }
        }.run()
      }
      group.addTask { for await _ in finished { return } }
      // The first to end is an order to stop, a cancellation, or a part that failed.
      defer { group.cancelAll() }
      try await group.next()
    }
  }

  private func registerNodes() async throws {
    var information = utsname()
    uname(&information)
    let kernel = withUnsafePointer(to: &information.release) {
      $0.withMemoryRebound(to: CChar.self, capacity: 65) { String(cString: $0) }
    }
    for host in self.plan.nodes {
      let node = NodeObject.registered(host, kernel: kernel, at: WallClock.now)
      let created = await self.objects.perform(.create(LabKind.nodes, node))
      guard case .done(let object?) = created else { throw LabRefusal("the node \(host.name) was refused: \(created)") }
      if let status = node["status"] {
        await self.objects.updateStatus(LabKind.nodes, object.key, uid: object.uid) { _ in status }
      }
    }
  }

  // MARK: Orders

  package func carryOut(_ order: LabOrder) async throws {
    switch order {
    case .kill(let node): try await self.machine(node).kill()
    case .cut(let node): try await self.machine(node).cut()
    case .heal(let node): try await self.machine(node).heal()
    case .drain(let node): try await self.drain(node)
    case .down: throw LabRefusal("a lab is ended by its control socket")
    }
  }

  private func machine(_ name: String) throws -> LabMachine {
    guard let machine = self.machines.first(where: { $0.host.name == name }) else {
      let kind = self.plan.hasRack ? "node or router" : "node"
      throw LabRefusal(
        "there is no \(kind) \"\(name)\" in the lab \"\(self.plan.lab)\"; "
          + "there are \(self.machines.map(\.host.name).joined(separator: ", "))")
    }
    return machine
  }

  /// Cordons the node and asks its pods to go, but for those of DaemonSets, which belong to it.
  private func drain(_ name: String) async throws {
    let host = try self.machine(name).host
    guard host.role == .node else { throw LabRefusal("\(name) is a router: there are no pods on it to move elsewhere") }
    let node = host.name
    for _ in 0..<8 {
      guard var object = await self.objects.get(LabKind.nodes, ObjectKey(name: node))?.json else { break }
      object.mutate("spec") { $0["unschedulable"] = true }
      if case .done = await self.objects.perform(.update(LabKind.nodes, object)) { break }
    }
    func leaving() async -> [LabObject] {
      await self.objects.list(LabKind.pods, namespace: nil).filter { pod in
        pod.nodeName == node
          && pod.json[path: "metadata", "ownerReferences"]?.array?.contains { $0["kind"]?.string == "DaemonSet" }
            != true
      }
    }
    for pod in await leaving() where !pod.isDeleting {
      _ = await self.objects.perform(.delete(LabKind.pods, pod.key, uid: pod.uid))
    }
    for _ in 0..<600 {
      if await leaving().isEmpty { return }
      try await Task.sleep(for: .milliseconds(100))
    }
    throw LabRefusal("some pods of \(node) have not gone within a minute")
  }
}

/// The tokens that pods show: one for each service account, made when first asked for.
actor ServiceAccountTokens {
  private let authenticator: Authenticator
  private var tokens: [String: String] = [:]

  init(_ authenticator: Authenticator) {
    self.authenticator = authenticator
  }

  func token(namespace: String, serviceAccount: String) -> String {
    let key = "\(namespace)/\(serviceAccount)"
    if let token = self.tokens[key] { return token }
    let token = self.authenticator.issueToken(serviceAccount: serviceAccount, namespace: namespace)
    self.tokens[key] = token
    return token
  }
}
