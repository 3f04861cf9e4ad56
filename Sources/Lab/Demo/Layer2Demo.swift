import Primitives

/// The product's main job, shown on a cluster of its own: a Service gets an address, a client reaches it, the announcing
/// node dies, the client still reaches it.
package struct Layer2Demo: Sendable {
  private static let loadTime = Duration.seconds(8)

  private let stage: DemoStage
  private var screen: DemoScreen { self.stage.screen }

  package init(_ stage: DemoStage) {
    self.stage = stage
  }

  /// Runs on a cluster that is up; throws at the first step that fails, after showing it.
  package func run() async throws {
    let (stage, screen) = (self.stage, self.screen)
    screen.done("built three nodes, a client and a router on this machine")
    try await stage.installProduct()
    try await stage.step("creating a pool, nginx and a Service of type LoadBalancer") {
      try await stage.apply(yaml: DemoManifest.configuration, DemoManifest.workload)
      screen.done("created pool 10.0.0.35-10.0.0.39, Deployment nginx (3 replicas), Service nginx")
    }
    let address = try await stage.awaitAddress()
    let announcer = try await stage.step("client$ curl http://\(address)/") {
      try await stage.firstAnswer(from: address)
      let announcer = try await self.announcer(of: address)
      screen.done("announced by \(screen.strong(announcer.node)): the client's ARP entry is \(announcer.mac)")
      return announcer.node
    }
    try await stage.step("\(announcer) loses its power while the client asks 50 times a second") {
      try await self.takeover(address, announcer)
    }
  }

  private func takeover(_ address: String, _ node: String) async throws {
    try await self.stage.wait(for: "all pods to be ready") { await self.stage.readyPods().count == 3 }
    let load = DemoLoad(namespace: self.stage.client.namespacePath, address: address)
    let report = try await load.run(for: Self.loadTime, faultAfter: .seconds(1)) {
      try await self.stage.cluster.carryOut(.kill(node: node))
    }
    guard let takeover = report.takeover else {
      throw LabRefusal("nobody answered any more: \(report.failures) of \(report.samples.count) requests failed")
    }
    let successor = try await self.announcer(of: address).node
    guard successor != node else { throw LabRefusal("the client still believes in \(node)") }
    self.screen.done("\(self.screen.strong(node)) lost its power while the client asked 50 times a second")
    self.screen.timeline(report.lossPerSlice(64))
    self.screen.done(
      "taken over by \(self.screen.strong(successor)): nobody answered for "
        + "\(self.screen.strong(DemoScreen.milliseconds(report.longestSilence)));"
        + " \(report.failures) of \(report.samples.count) requests failed")
    self.screen.detail(
      "A pod died with the node: some requests went there until Kubernetes noticed, \(DemoScreen.milliseconds(takeover)) after it."
    )
  }

  /// Who answers for the address, by what the client has in its ARP table: the truth as the wire tells it.
  private func announcer(of address: String) async throws -> (node: String, mac: String) {
    let table = try await Tool.run(["ip", "-n", self.stage.client.namespace, "neighbour", "show", address])
    let words = table.split { $0 == " " || $0 == "\n" }.map(String.init)
    guard let index = words.firstIndex(of: "lladdr"), index + 1 < words.count else {
      throw LabRefusal("the client has no ARP entry for \(address)")
    }
    let mac = words[index + 1]
    for node in self.stage.cluster.plan.nodes {
      let link = try await Tool.run(["ip", "-n", node.namespace, "-brief", "link", "show", "eth0"])
      if link.contains(mac) { return (node.name, mac) }
    }
    throw LabRefusal("\(address) is answered for by \(mac), which is no node")
  }
}
