import Foundation
import KubernetesClient
import KubernetesModel
import Logging
import Runner

/// A kube-apiserver with etcd, started for one measurement.
struct Cluster {
  /// How many requests of this program are under way at once; the controller has as many writes.
  private static let requestsInFlight = 32

  private let directory: String
  private let client: KubernetesClient

  var controllerKubeconfig: String { "\(self.directory)/kubeconfig-controller" }

  /// Takes the directory of a server that `Scripts/kube-apiserver start` has started.
  init(directory: String) throws {
    self.directory = directory
    self.client = try KubernetesClient(
      try ClusterConfiguration.load(kubeconfig: "\(directory)/kubeconfig", environment: [:]), agent: "benchmark",
      logger: Logger(label: "benchmark") { _ in SwiftLogNoOpLogHandler() })
  }

  func shutdown() async { await self.client.shutdown() }

  func install() throws {
    try self.kubectl("apply", "-f", "Deploy/native/namespace.yaml", "-f", "Deploy/native/rbac.yaml")
    try self.kubectl("apply", "--validate=false", "-f", "Deploy/crds")
    try self.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=30s")
    let pool = "\(self.directory)/pool.yaml"
    try """
    apiVersion: metallb.io/v1beta1
    kind: IPAddressPool
    metadata: {name: benchmark, namespace: metallb-system}
    spec: {addresses: [10.0.0.0/8]}
    ---
    apiVersion: metallb.io/v1beta1
    kind: L2Advertisement
    metadata: {name: benchmark, namespace: metallb-system}
    """.write(toFile: pool, atomically: true, encoding: .utf8)
    try self.kubectl("apply", "-f", pool)
  }

  /// Creates Services of type LoadBalancer, those that are not there already, and returns the keys of all.
  func createServices(_ count: Int) async throws -> [ObjectKey] {
    let keys = (0..<count).map { ObjectKey(namespace: "default", name: "service-\($0)") }
    var missing = Set(keys)
    for case .object(let service) in try await self.client.list(Service.self, in: ListScope(namespace: "default")) {
      missing.remove(service.key)
    }
    try await self.each(keys.filter(missing.contains)) { key in
      try await self.client.create(
        Service(
          metadata: ObjectMeta(name: key.name, namespace: key.namespace),
          spec: ServiceSpec(type: "LoadBalancer", ports: [ServicePort(port: 80)])))
    }
    return keys
  }

  /// The writes that the controller would make, without anything to decide.
  func writeStatuses(of keys: [ObjectKey]) async throws {
    let wanted = Set(keys)
    var services: [Service] = []
    for case .object(let service) in try await self.client.list(Service.self, in: ListScope(namespace: "default"))
    where wanted.contains(service.key) {
      services.append(service)
    }
    try await self.each(services) { service in
      var service = service
      service.metadata.annotations = ["metallb.io/ip-allocated-from-pool": "another"]
      try await self.client.replace(service, subresource: "status")
    }
  }

  /// How long after `start` the last of `count` Services had an address, to half a second.
  ///
  /// The server's own counter says when it may be so, and only then a list whether it is. A watch would be no judge: those
  /// of kube-apiserver 1.20 with etcd 3.4 can fall silent under a burst of writes, for all who watch.
  func awaitAddresses(of count: Int, since start: ContinuousClock.Instant) async throws -> Duration {
    let before = try self.requestCounts()
    for _ in 0..<1200 {
      let wrote = try self.requestCounts().since(before).statusWrites
      let time = start.duration(to: Time.now)
      if wrote >= count, try await self.addressedServices() == count { return time }
      try await Task.sleep(for: .milliseconds(400))
    }
    throw BenchmarkError.neverHappened("every Service has an address")
  }

  private func addressedServices() async throws -> Int {
    var count = 0
    for case .object(let service) in try await self.client.list(Service.self, in: ListScope(namespace: "default"))
    where service.status?.loadBalancer?.ingress?.isEmpty == false {
      count += 1
    }
    return count
  }

  /// Waits until the server has had no more writes for two seconds: events and pool statuses come after addresses.
  func awaitQuiet() async throws {
    var last = -1
    for _ in 0..<300 {
      let now = try self.requestCounts().writes
      if now == last { return }
      last = now
      try await Task.sleep(for: .seconds(2))
    }
  }

  func requestCounts() throws -> RequestCounts {
    RequestCounts(metrics: try self.kubectl("get", "--raw", "/metrics"))
  }

  /// Does `work` for each item, a bounded number at a time.
  private func each<Item: Sendable>(
    _ items: [Item], _ work: @escaping @Sendable (Item) async throws -> Void
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (index, item) in items.enumerated() {
        if index >= Self.requestsInFlight { try await group.next() }
        group.addTask { try await work(item) }
      }
      try await group.waitForAll()
    }
  }

  @discardableResult
  private func kubectl(_ arguments: String...) throws -> String {
    try Command.run(Command.cached("kubectl-1.20"), ["--kubeconfig", "\(self.directory)/kubeconfig"] + arguments)
  }
}
