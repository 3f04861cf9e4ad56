import Balancer
import KubernetesModel
import Primitives

/// Prints what events cost one speaker while all addresses of a large cluster move at once: what it decides, and what it
/// writes about that.
///
///     swift run -c release election-benchmark
@main
struct ElectionBenchmark {
  private static let node = "n0"

  static func main() {
    for policy in [nil, "Sticky", "Balanced"] {
      for (services, nodes) in [(1_000, 3), (10_000, 3), (10_000, 1_000)] {
        print(
          "\n\(services) Services, \(nodes) nodes, policy \(policy ?? "absent"): events, µs each, µs for the longest")
        var benchmark = Self(services: services, nodes: nodes, policy: policy)
        benchmark.run()
      }
    }
    Self.measureReports(of: 10_000)
  }

  private let services: [ObjectKey]
  private let nodes: [String]
  private let policy: String?
  private var state = SpeakerState(settings: .init(node: Self.node, failureDetector: .gossip, families: [.ipv4]))
  private var now = ContinuousClock.now

  private init(services: Int, nodes: Int, policy: String?) {
    self.services = (0..<services).map { ObjectKey(namespace: "default", name: "s\($0)") }
    self.nodes = (0..<nodes).map { "n\($0)" }
    self.policy = policy
  }

  private mutating func run() {
    self.measure("everything is there for the first time", self.beginning)
    self.measure("all other nodes are gone", [self.members([Self.node])])
    self.measure("each Service is claimed by this node", self.services.indices.map { self.claim($0, by: Self.node, 2) })
    self.measure("nothing happens", Array(repeating: .tick, count: 1_000))
    self.measure("one Service changes while this node has all", (0..<1_000).map { self.change(of: $0) })
    self.measure("all other nodes are back", [self.members(self.nodes)])
    self.measure("each address is heard from another node", self.services.indices.map { self.contest($0) })
    self.measure("another node says that it has them all", self.notices(term: 3))
    self.measure("one Service changes while all are left to others", (0..<1_000).map { self.change(of: $0) })
    self.measure(
      "each Service is claimed by another node", self.services.indices.map { self.claim($0, by: self.nodes[1], 3) })
    self.measure("that node is gone", [self.members(self.nodes.filter { $0 != self.nodes[1] })])
    self.now += .seconds(60)
    self.measure("a minute has passed", Array(repeating: .tick, count: 1_000))
  }

  // MARK: Events

  private var beginning: [SpeakerState.Event] {
    var spec = L2Advertisement.Spec()
    spec.electionPolicy = self.policy
    let meta = ObjectMeta(name: "all", namespace: "metallb-system")
    var events: [SpeakerState.Event] = [
      .pools(.applied(IPAddressPool(metadata: meta, spec: .init(addresses: ["10.0.0.0/8"])))), .pools(.synced),
      .l2Advertisements(.applied(L2Advertisement(metadata: meta, spec: spec))), .l2Advertisements(.synced),
      .interfaces([.ipv4: ["eth0"]]), .ownership(.synced), self.members(self.nodes),
    ]
    events += self.nodes.indices.map {
      .nodes(.applied(NodeView(name: self.nodes[$0], addresses: [Self.address(0xAC10_0000, $0)])))
    }
    for (index, key) in self.services.enumerated() {
      let endpoints = EndpointsView(key: key, service: key, isUsable: true, counts: [Self.node: 1])
      events += [.services(.applied(self.service(index))), .endpoints(.applied(endpoints))]
    }
    return events + [.nodes(.synced), .endpoints(.synced), .services(.synced)]
  }

  private static func address(_ base: UInt32, _ index: Int) -> IPAddress {
    .v4(IPv4Address(bits: base + UInt32(truncatingIfNeeded: index)))
  }

  private func service(_ index: Int, labels: [String: String] = [:]) -> ExposedService {
    ExposedService(key: self.services[index], labels: labels, ingress: .addresses([Self.address(0x0A00_0000, index)]))
  }

  private func change(of index: Int) -> SpeakerState.Event {
    .services(.applied(self.service(index, labels: ["round": "\(self.now)"])))
  }

  private func members(_ names: [String]) -> SpeakerState.Event {
    .members(
      LiveMembers(
        Set(names), facts: Dictionary(uniqueKeysWithValues: names.map { ($0, .init(interfaces: [.ipv4: ["eth0"]])) })))
  }

  private func claim(_ index: Int, by node: String, _ term: Int) -> SpeakerState.Event {
    let key = ObjectKey(namespace: "metallb-system", name: "\(node)-\(index)")
    return .ownership(.applied(OwnershipClaim(key: key, service: self.services[index], node: node, term: term)))
  }

  private func contest(_ index: Int) -> SpeakerState.Event {
    let holder = AddressHolder(hardware: .broadcast, interface: "eth0", addresses: [Self.address(0xAC10_0000, 1)])
    return .addressContested(Self.address(0x0A00_0000, index), by: holder)
  }

  private func notices(term: Int) -> [SpeakerState.Event] {
    stride(from: 0, to: self.services.count, by: 12).map { start in
      let keys = self.services[start..<min(start + 12, self.services.count)]
      return .told(
        OwnershipNotice(
          node: self.nodes[1], stances: Dictionary(uniqueKeysWithValues: keys.map { ($0, .announces(term: term)) })))
    }
  }

  // MARK: Measuring

  private mutating func measure(_ what: String, _ events: [SpeakerState.Event]) {
    let clock = ContinuousClock()
    var longest = Duration.zero
    var actions = 0
    let total = clock.measure {
      for event in events {
        longest = max(longest, clock.measure { actions += self.state.handle(event, at: self.now).count })
      }
    }
    print("  \(what): \(events.count), \(Self.text(total / events.count)), \(Self.text(longest)); \(actions) actions")
  }

  private static func text(_ duration: Duration) -> String { "\((duration / .nanoseconds(100)).rounded() / 10)" }

  /// What is written: each Service is claimed, by one write after the other, and given up again.
  private static func measureReports(of count: Int) {
    print("\n\(count) status objects: events, µs each, µs for the longest")
    let keys = (0..<count).map { ObjectKey(namespace: "default", name: "s\($0)") }
    let now = ContinuousClock.now
    let clock = ContinuousClock()
    var reports = NodeReports<ServiceL2Status>(.init(node: Self.node, namespace: "metallb-system"), seed: 1)
    _ = reports.handle(.observed(.synced), at: now)
    _ = reports.handle(.decided, at: now)
    func play(_ what: String, _ events: [NodeReports<ServiceL2Status>.Event]) {
      var (longest, handled, version, writes) = (Duration.zero, 0, 0, [NodeReports<ServiceL2Status>.Action]())
      func handle(_ event: NodeReports<ServiceL2Status>.Event) {
        handled += 1
        longest = max(longest, clock.measure { writes += reports.handle(event, at: now) })
      }
      let total = clock.measure {
        for event in events { handle(event) }
        while case .write(let write, let subject)? = writes.popLast() {
          version += 1
          switch write {
          case .create(var report):
            report.metadata.name = "l2-\(what.count)-\(version)"
            report.metadata.resourceVersion = "\(version)"
            handle(.written(subject, .succeeded(report)))
            handle(.observed(.applied(report)))
          case .writeStatus(var report):
            report.metadata.resourceVersion = "\(version)"
            handle(.written(subject, .succeeded(report)))
            handle(.observed(.applied(report)))
          case .delete(let key, _):
            handle(.written(subject, .succeeded(nil)))
            handle(.observed(.deleted(key)))
          }
        }
      }
      print("  \(what): \(handled), \(Self.text(total / max(handled, 1))), \(Self.text(longest))")
    }
    play("claimed", keys.map { .wanted($0, .all, term: 1) })
    play("given up", keys.map { .unwanted($0) })
  }
}
