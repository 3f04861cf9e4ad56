import Harness
import Testing

/// One lab with our manifest applied, for a whole suite.
struct LabTrait: SuiteTrait, TestScoping {
  let nodes: Int
  let routers: Int

  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    try await Lab.with(nodes: self.nodes, routers: self.routers) { lab in
      try await lab.install()
      try await Lab.$current.withValue(lab) { try await function() }
    }
  }
}

extension Trait where Self == LabTrait {
  /// `routers` are those of the rack, for BGP.
  static func lab(nodes: Int, routers: Int = 0) -> Self { LabTrait(nodes: nodes, routers: routers) }
}

extension Lab {
  /// The suite's lab without pools, advertisements, Services and workloads of an earlier test.
  static func fresh() async throws -> Lab {
    let lab = try #require(Lab.current)
    let kubectl = lab.kubectl
    try await kubectl("delete", "service,deployment", "--all")
    // kubectl deletes one after the other, and there may be hundreds.
    try await kubectl("delete", "--raw", "/api/v1/namespaces/default/events")
    try await kubectl(
      "delete", "ipaddresspools,l2advertisements,bgpadvertisements,bgppeers", "--all", "--namespace=metallb-system")
    return lab
  }

  /// The node that the latest `nodeAssigned` event of a Service names, once that node alone answers for the address.
  func announcer(of address: String, service: String) async throws -> String {
    let answering = try await eventually("one node answers for \(address)", within: .seconds(20)) {
      try await self.answerers(address)
    } isRight: {
      $0.count == 1
    }
    let node = try #require(answering.first)
    try await eventually("an event names \(node)") {
      try await self.kubectl.events(about: service)
    } isRight: { events in
      events.contains(
        Event(
          type: "Normal", reason: "nodeAssigned", from: "metallb-speaker",
          message: #"announcing from node "\#(node)" with protocol "layer2""#))
    }
    return node
  }

  func awaitAddress(_ address: String, of service: String) async throws {
    let kubectl = self.kubectl
    try await eventually("\(service) has \(address)", equals: [address], within: .seconds(30)) {
      try await kubectl.addresses(of: service)
    }
  }

  func awaitAnswer(from address: String, within limit: Duration = .seconds(20)) async throws {
    try await eventually("curl http://\(address)/ answers", within: limit) {
      try await self.curl("http://\(address)/")
    } isRight: {
      $0?.isEmpty == false
    }
  }

  /// The addresses of the Service that `exposeEverywhere` makes.
  static let exposed = ["192.168.40.0", "2001:db8:40::1"]

  /// A dual-stack Service `web` with a pod on each node. Its policy is Local, so that no request that reaches a living node
  /// is sent on to a pod on a dead one.
  func exposeEverywhere() async throws {
    let kubectl = self.kubectl
    try await kubectl.apply(
      Manifest.pool("pool", "192.168.40.0/24", "2001:db8:40::/120"), Manifest.advertisement("l2", pools: "pool"),
      """
      apiVersion: apps/v1
      kind: DaemonSet
      metadata: {name: web, labels: {app: web}}
      spec:
        selector: {matchLabels: {app: web}}
        template:
          metadata: {labels: {app: web}}
          spec:
            containers: [{name: web, image: nginx, ports: [{containerPort: 80}]}]
      """,
      Manifest.service(
        "web", annotations: ["metallb.io/loadBalancerIPs": Self.exposed.joined(separator: ",")],
        spec: "externalTrafficPolicy: Local\nipFamilyPolicy: RequireDualStack"))
    try await eventually("the Service has its addresses", equals: Self.exposed, within: .seconds(30)) {
      try await kubectl.addresses(of: "web")
    }
    try await kubectl("rollout", "status", "daemonset/web", "--timeout=60s", within: .seconds(70))
  }

  /// The election as MetalLB documents it, computed by another program: the node whose hash is the lowest.
  func electedNode(for address: String) async throws -> String {
    var hashes: [(hash: String, node: String)] = []
    for node in self.nodes {
      hashes.append((try await run(["sha256sum"], input: "\(node)#\(address)").expectSuccess(), node))
    }
    return try #require(hashes.min { $0.hash < $1.hash }?.node)
  }

  /// The one node that answers for the addresses of `exposeEverywhere` while all is well, once it does, clients reach it, and
  /// its speaker has run for a while.
  func settledOwner() async throws -> String {
    try await self.awaitAnswer(from: Self.exposed[0])
    try await self.awaitAnswer(from: "[\(Self.exposed[1])]")
    try await Task.sleep(for: .seconds(1))
    let owner = try await self.electedNode(for: Self.exposed[0])
    try await eventually("\(owner) alone answers for \(Self.exposed[0])", equals: [owner], within: .seconds(40)) {
      try await self.answerers(Self.exposed[0])
    }
    return owner
  }
}
