import KubernetesModel
import Primitives
import TestKit
import Testing

@testable import Balancer

/// Invariants of the controller under users, pools, lost races and a failing API server, all at random.
@Suite struct ControllerPropertyTests {
  /// An API server that executes writes late, watches that come late, and answers that come later still.
  private struct Cluster {
    var state = ControllerState(settings: ControllerState.Settings(seed: 7))
    var now = t0
    var dice: SplitMix64
    var version = 1
    var services: [ObjectKey: Service] = [:]
    var pools: [String: IPAddressPool] = [:]
    var watch: [ControllerState.Event] = []
    var writes: [ServiceWrite] = []
    var answers: [ControllerState.Event] = []
    var underWay: Set<ObjectKey> = []

    init(seed: Int) {
      self.dice = SplitMix64(seed: UInt64(seed))
      for name in ["a", "b", "c"] { self.changePool(name) }
      self.watch += [.namespaces(.synced), .pools(.synced), .services(.synced)]
      self.deliverAll()
    }

    mutating func roll(_ sides: Int) -> Int { Int(self.dice.next() % UInt64(sides)) }

    mutating func changePool(_ name: String) {
      let shapes: [String: [[String]]] = [
        "a": [["10.0.0.0/30"], ["10.0.0.0/31", "2001:db8:a::/127"], ["10.0.0.2-10.0.0.4"]],
        "b": [["10.1.0.0/31", "2001:db8:b::/126"], ["10.1.0.0/32"], ["nonsense"]],
        "c": [["10.2.0.0/30"], ["10.0.0.3-10.0.0.9"]],
      ]
      self.version += 1
      let options = shapes[name] ?? []
      let restriction = IPAddressPool.ServiceAllocation(namespaces: ["ns1"])
      let object = poolObject(
        name, options[self.roll(options.count)], autoAssign: self.roll(4) > 0,
        serviceAllocation: self.roll(4) == 0 ? restriction : nil, version: self.version)
      self.pools[name] = object
      self.watch.append(.pools(.applied(object)))
    }

    mutating func changeService() {
      let key = ObjectKey(namespace: "ns\(self.roll(2))", name: "s\(self.roll(9))")
      self.version += 1
      if self.services[key] != nil, self.roll(4) == 0 {
        self.services[key] = nil
        self.watch.append(.services(.deleted(key)))
        return
      }
      var annotations = self.services[key]?.metadata.annotations ?? [:]
      annotations["metallb.io/allow-shared-ip"] = [nil, "k", "l"][self.roll(3)]
      annotations["metallb.io/address-pool"] = [nil, nil, "a", "b", "nowhere"][self.roll(5)]
      let cluster = [["10.96.0.1"], ["fd00::1"], ["10.96.0.1", "fd00::1"]][self.roll(3)]
      let spec = ServiceSpec(
        type: self.roll(6) == 0 ? "ClusterIP" : "LoadBalancer",
        ports: [ServicePort(protocol: "TCP", port: 80 + self.roll(2))], clusterIPs: cluster,
        ipFamilyPolicy: cluster.count == 1 ? "SingleStack" : ["PreferDualStack", "RequireDualStack"][self.roll(2)],
        loadBalancerIP: cluster == ["10.96.0.1"] && self.roll(4) == 0 ? "10.0.0.\(self.roll(5))" : nil)
      let uid = self.services[key]?.metadata.uid ?? "uid-\(self.version)"
      self.services[key] = Service(
        metadata: ObjectMeta(
          name: key.name, namespace: key.namespace, uid: uid, resourceVersion: "\(self.version)",
          annotations: annotations), spec: spec, status: self.services[key]?.status)
      self.show(key)
    }

    mutating func show(_ key: ObjectKey) {
      guard let service = self.services[key] else { return }
      self.watch.append(.services(.applied(ServiceView(service))))
    }

    mutating func handle(_ event: ControllerState.Event) {
      for case .writeService(let write) in self.state.handle(event, at: self.now) {
        #expect(self.underWay.insert(write.key).inserted, "two writes of \(write.key) at once")
        self.expectUnshown(write)
        self.writes.append(write)
      }
    }

    /// The server executes one of the writes that are under way.
    mutating func execute(mayFail: Bool) {
      guard !self.writes.isEmpty else { return }
      let write = self.writes.remove(at: self.roll(self.writes.count))
      let key = write.key
      guard let current = self.services[key] else { return self.answers.append(.written(key, .notFound)) }
      if mayFail, self.roll(4) == 0 { return self.answers.append(.written(key, .failed(reason: "503"))) }
      guard current.metadata.resourceVersion == write.object.metadata.resourceVersion else {
        return self.answers.append(.written(key, .conflicted))
      }
      self.version += 1
      self.services[key]?.metadata = write.object.metadata
      self.services[key]?.metadata.resourceVersion = "\(self.version)"
      self.services[key]?.status = write.object.status
      self.show(key)
      self.answers.append(.written(key, .succeeded(resourceVersion: "\(self.version)")))
    }

    mutating func answer() {
      guard !self.answers.isEmpty else { return }
      let event = self.answers.remove(at: self.roll(self.answers.count))
      if case .written(let key, _) = event { self.underWay.remove(key) }
      self.handle(event)
    }

    mutating func deliverAll() {
      while !self.watch.isEmpty { self.handle(self.watch.removeFirst()) }
    }

    mutating func step() {
      switch self.roll(12) {
      case 0, 1: self.changeService()
      case 2: if self.roll(6) == 0 { self.changePool(["a", "b", "c"][self.roll(3)]) }
      case 3...6: if !self.watch.isEmpty { self.handle(self.watch.removeFirst()) }
      case 7, 8: self.execute(mayFail: true)
      case 9, 10: self.answer()
      default:
        self.now += .milliseconds(100)
        self.handle(.tick)
      }
    }

    /// Lets everything come to rest.
    mutating func settle() {
      for _ in 0..<400 {
        self.deliverAll()
        while !self.writes.isEmpty { self.execute(mayFail: false) }
        while !self.answers.isEmpty { self.answer() }
        self.now += .seconds(1)
        self.handle(.tick)
      }
    }

    /// What a write shows anew is shown by no other Service, be it by a write that is under way, unless that one is to be
    /// there too.
    func expectUnshown(_ write: ServiceWrite) {
      let ingress = write.object.status?.loadBalancer?.ingress ?? []
      for address in ingress.compactMap(\.ip) where self.statuses[write.key]?.contains(address) != true {
        let users = self.state.allocator.users(of: ip(address))
        let shown = self.statuses.filter { $0.value.contains(address) }.map(\.key)
        let coming = self.writes.filter { other in
          self.services[other.key]?.metadata.uid == other.object.metadata.uid
            && other.object.status?.loadBalancer?.ingress?.contains { $0.ip == address } == true
        }
        for other in shown + coming.map(\.key) where other != write.key {
          #expect(users.contains(other), "\(address) is shown by \(other), and now by \(write.key)")
        }
      }
    }

    /// What each Service shows.
    var statuses: [ObjectKey: [String]] {
      self.services.mapValues { ($0.status?.loadBalancer?.ingress ?? []).compactMap(\.ip) }
    }
  }

  @Test(arguments: 0..<16)
  func `no two statuses ever show one address that is not shared, and at rest each shows its allocation`(seed: Int) {
    var cluster = Cluster(seed: seed)
    for _ in 0..<1_500 { cluster.step() }
    self.expectCount(cluster)
    cluster.settle()
    self.expectCount(cluster)
    #expect(cluster.writes.isEmpty && cluster.answers.isEmpty)
    for (key, addresses) in cluster.statuses {
      let standing = cluster.state.standing(of: key)
      if case .kept? = standing { continue }
      #expect(addresses == cluster.state.allocator.addresses(of: "\(key)"), "\(key) \(String(describing: standing))")
    }
  }

  /// What the pages tell is what one would count.
  private func expectCount(_ cluster: Cluster) {
    let standings = cluster.state.entries.mapValues(\.standing)
    let status = cluster.state.reading.status(software: "", isLeading: true)
    #expect(status.satisfied == standings.values.count(where: \.isServed))
    #expect(cluster.state.reading.waitingCount == standings.values.count(where: \.isWaiting))
    #expect(
      status.waiting
        == standings.sorted { $0.key.description < $1.key.description }.compactMap { key, standing in
          standing.want.map {
            .init(service: key.description, reason: $0.description, hasAddress: standing.isServed)
          }
        })
  }

  @Test(arguments: 0..<16)
  func `at rest nobody waits who could be helped`(seed: Int) {
    var cluster = Cluster(seed: seed + 100)
    for _ in 0..<1_500 { cluster.step() }
    cluster.settle()
    for (key, service) in cluster.services {
      let view = ServiceView(service)
      guard case .waiting(let error)? = cluster.state.standing(of: key), error != .noPools,
        let request = try? AllocationRequest(view), case .success(let requested) = view.requested
      else { continue }
      var allocator = cluster.state.allocator
      let pool = view.requestedPool.flatMap { cluster.state.configuration.pools[$0]?.name }
      if !requested.isEmpty {
        let owner = try? allocator.check(requested, for: request)
        #expect(owner == nil || pool != nil && owner != pool, "\(key) waits for \(requested)")
      } else if let pool {
        #expect((try? allocator.allocate(request, from: pool)) == nil, "\(key) waits for pool \(pool)")
      } else {
        #expect((try? allocator.allocate(request)) == nil, "\(key) waits")
      }
    }
  }

  @Test(arguments: 0..<16)
  func `a restart at rest writes nothing and changes no address`(seed: Int) {
    var cluster = Cluster(seed: seed + 200)
    for _ in 0..<1_500 { cluster.step() }
    cluster.settle()
    let before = cluster.statuses
    let moved = !cluster.state.configuration.problems.isEmpty
    cluster.state = ControllerState(settings: ControllerState.Settings(seed: 9))
    for service in cluster.services.values.shuffled(using: &cluster.dice) {
      cluster.watch.append(.services(.applied(ServiceView(service))))
    }
    for pool in cluster.pools.values { cluster.watch.append(.pools(.applied(pool))) }
    cluster.watch += [.services(.synced), .pools(.synced), .namespaces(.synced)]
    cluster.deliverAll()
    cluster.settle()
    // A pool that is invalid now no longer has its last good form: others may be served, but nobody moves.
    for (key, addresses) in before {
      let after = cluster.statuses[key] ?? []
      #expect(moved ? after.starts(with: addresses) : after == addresses, "\(key)")
    }
  }
}
