import KubernetesModel
import Primitives

/// BGP, shown in a rack with two routers: all nodes announce a Service to both, a router dies, a node dies, a speaker
/// restarts, and a client behind the routers asks all the while.
package struct BGPDemo: Sendable {
  package static let routerCount = 2
  private static let loadTime = Duration.seconds(4)
  private static let service = "192.168.5.0/24"

  private let stage: DemoStage
  private var screen: DemoScreen { self.stage.screen }

  package init(_ stage: DemoStage) {
    self.stage = stage
  }

  /// Runs on a cluster that is up; throws at the first step that fails, after showing it.
  package func run() async throws {
    let (stage, screen) = (self.stage, self.screen)
    screen.done("built three nodes in a rack with two routers (FRR), a router behind them and a client behind that")
    try await stage.installProduct()
    try await stage.step("creating a pool, peers, an advertisement, nginx and a Service of type LoadBalancer") {
      try await stage.apply(
        yaml: DemoManifest.peering, DemoManifest.peers(of: stage.cluster.plan, withBFD: true),
        DemoManifest.localWorkload)
      screen.done("created pool 192.168.5.0/24, BGPPeers tor-1 and tor-2 with BFD of 3 x 100 ms, Service nginx")
    }
    let address = try await stage.awaitAddress()
    try await self.showRoutes(address)
    try await self.fault(
      "tor-1 loses its power", address, in: .router, leaving: (nodes: 3, routers: 1)
    ) { try await stage.cluster.carryOut(.kill(node: "tor-1")) }
    try await stage.step("tor-1 gets its power back") {
      try await stage.cluster.carryOut(.heal(node: "tor-1"))
      try await self.awaitHops(nodes: 3, routers: 2, sessions: 6)
      screen.done("tor-1 has its power back: both routers are next hops again")
    }
    let node = try await self.nodeToLose()
    try await self.fault("\(node) loses its power", address, in: .rack, leaving: (nodes: 2, routers: 2)) {
      try await stage.cluster.carryOut(.kill(node: node))
    }
    try await self.takeBFDOff()
    try await self.restartSpeaker(address, except: node)
  }

  // MARK: Acts

  private func showRoutes(_ address: String) async throws {
    try await self.stage.step("waiting for six BGP sessions, each with its BFD session") {
      try await self.stage.wait(for: "three pods") { await self.stage.readyPods().count == 3 }
      try await self.awaitHops(nodes: 3, routers: 2, sessions: 6)
      self.screen.done("six BGP sessions are Established, their BFD sessions up")
    }
    try await self.stage.step("looking at the routers") {
      for router in self.stage.cluster.plan.rackRouters {
        let text = try await self.vtysh("show ip route \(Self.service)", at: router)
        self.screen.done("\(router.name)$ vtysh -c 'show ip route \(Self.service)'")
        self.screen.detail(Self.nextHops(in: text))
      }
      self.screen.done("router$ ip route show \(Self.service)")
      self.screen.detail(try await self.routes(.router).joined(separator: "\n"))
    }
    try await self.stage.step("client$ curl http://\(address)/") {
      try await self.stage.firstAnswer(from: address)
    }
  }

  /// Something fails under load, and what is left is shown as the kernel of the router concerned has it.
  private func fault(
    _ what: String, _ address: String, in place: Place, leaving rest: (nodes: Int, routers: Int),
    _ strike: @escaping @Sendable () async throws -> Void
  ) async throws {
    try await self.stage.step("\(what) while the client asks 50 times a second") {
      let report = try await self.load(address, strike)
      guard let takeover = report.takeover else {
        throw LabRefusal("nobody answered any more: \(report.failures) of \(report.samples.count) requests failed")
      }
      try await self.awaitHops(nodes: rest.nodes, routers: rest.routers)
      self.screen.done("\(what) while the client asked 50 times a second")
      self.screen.timeline(report.lossPerSlice(64))
      self.screen.done("\(place.rawValue)$ ip route show \(Self.service)")
      self.screen.detail(try await self.routes(place).joined(separator: "\n"))
      self.screen.done(
        "BFD noticed: no request fails that begins \(self.screen.strong(DemoScreen.milliseconds(takeover))) later;"
          + " \(report.failures) of \(report.samples.count) failed, the longest silence was"
          + " \(DemoScreen.milliseconds(report.longestSilence))")
    }
  }

  /// FRR takes the end of a BFD session for the end of the router, also when that router says goodbye and means to come back
  /// (RFC 5882 section 4.3 leaves it the choice): who wants graceful restart from it does without BFD.
  private func takeBFDOff() async throws {
    try await self.stage.step("taking BFD off the peers") {
      try await self.stage.apply(yaml: DemoManifest.peers(of: self.stage.cluster.plan, withBFD: false))
      try await self.stage.wait(for: "the routers to watch no node any more") {
        for router in self.stage.cluster.plan.rackRouters {
          guard let text = try? await self.vtysh("show bfd peers brief", at: router) else { return false }
          let nodes = self.stage.cluster.plan.nodes.map { " \($0.address) " }
          let isWatched = text.split(separator: "\n").contains { line in
            line.contains(" up ") && nodes.contains { line.contains($0) }
          }
          if isWatched { return false }
        }
        return true
      }
      // FRR ends the BGP session a moment after BFD's; the routes come back with the next one.
      try await self.stage.wait(for: "next hops that stay for two seconds") {
        for _ in 0..<10 {
          guard (try? await self.hops(.rack)) == 2 else { return false }
          try? await Task.sleep(for: .milliseconds(200))
        }
        return true
      }
      try await self.awaitHops(nodes: 2, routers: 2)
      self.screen.done("took BFD off the peers: FRR would take its end for the end of the node")
    }
  }

  private func restartSpeaker(_ address: String, except lost: String) async throws {
    let speakers = await self.stage.readyPods(in: "metallb-system").filter { $0.labels["component"] == "speaker" }
    guard let speaker = speakers.first(where: { $0.nodeName != lost }), let node = speaker.nodeName else {
      throw LabRefusal("there is no speaker left to restart")
    }
    let what = "the speaker of \(node) restarts"
    try await self.stage.step("\(what) while the client asks 50 times a second") {
      let before = try await self.hops(.rack)
      let report = try await self.load(address) {
        _ = await self.stage.cluster.objects.perform(.delete(LabKind.pods, speaker.key, uid: speaker.uid))
        // For as long as it takes, no next hop goes.
        try await self.stage.wait(for: "another speaker on \(node)") {
          await self.stage.readyPods(in: "metallb-system").contains {
            $0.nodeName == node && $0.labels["component"] == "speaker" && $0.uid != speaker.uid
          }
        }
      } watching: {
        guard let hops = try? await self.hops(.rack), hops < before else { return }
        throw LabRefusal("tor-2 has dropped a next hop: \(hops) of \(before) are left")
      }
      guard report.failures == 0 else {
        throw LabRefusal("\(report.failures) of \(report.samples.count) requests failed")
      }
      self.screen.done("\(what) while the client asked 50 times a second")
      self.screen.timeline(report.lossPerSlice(64))
      self.screen.done(
        "graceful restart: the routers kept all \(before) next hops;"
          + " \(self.screen.strong("0")) of \(report.samples.count) requests failed")
    }
  }

  private func load(
    _ address: String, _ strike: @escaping @Sendable () async throws -> Void,
    watching look: (@Sendable () async throws -> Void)? = nil
  ) async throws -> LoadReport {
    var load = DemoLoad(namespace: self.stage.client.namespacePath, address: address)
    guard let look else { return try await load.run(for: Self.loadTime, faultAfter: .seconds(1), fault: strike) }
    // Where each request counts, none is to fail because the machine is busy; whether a way is lost `look` tells.
    load.timeout = .seconds(3)
    return try await withThrowingTaskGroup(of: LoadReport?.self) { [load] group in
      defer { group.cancelAll() }
      group.addTask { try await load.run(for: Self.loadTime, faultAfter: .seconds(1), fault: strike) }
      group.addTask {
        while !Task.isCancelled {
          try await look()
          try await Task.sleep(for: .milliseconds(100))
        }
        return nil
      }
      while let result = try await group.next() { if let result { return result } }
      throw CancellationError()
    }
  }

  // MARK: Looking

  private func vtysh(_ command: String, at router: AddressPlan.Host) async throws -> String {
    let words = self.stage.cluster.directory.command(["vtysh", "-c", command], on: router)
    return try await Tool.run(["ip", "netns", "exec", router.namespace] + words)
  }

  /// Whose routes are looked at.
  private enum Place: String, Sendable {
    case rack = "tor-2"
    case router
  }

  /// The kernel's routes to the pool, as `ip route` prints them.
  private func routes(_ place: Place) async throws -> [String] {
    guard let host = self.stage.cluster.plan.host(place.rawValue) else { return [] }
    return try await Tool.run(["ip", "-n", host.namespace, "route", "show", Self.service])
      .split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ").replacing("\t", with: "  ") }
  }

  private func hops(_ place: Place) async throws -> Int {
    try await self.routes(place).filter { $0.contains("via ") }.count
  }

  /// Waits until the routers have so many next hops, and until so many sessions are told to stand, BFD's too.
  private func awaitHops(nodes: Int, routers: Int, sessions: Int? = nil) async throws {
    try await self.stage.wait(for: "\(nodes) next hops at tor-2 and \(routers) at the router") {
      let (rack, router) = (try? await self.hops(.rack), try? await self.hops(.router))
      return rack == nodes && router == routers
    }
    guard let sessions else { return }
    try await self.stage.wait(for: "\(sessions) BGPSessionStates to be Established and up") {
      await self.standingSessions() == sessions
    }
  }

  private func standingSessions() async -> Int {
    guard
      let definition = await self.stage.cluster.registry.resources.definition(
        apiVersion: BGPSessionState.type.apiVersion, kind: BGPSessionState.type.kind)
    else { return 0 }
    return await self.stage.cluster.objects.list(definition.type, namespace: "metallb-system").filter {
      $0.status["bgpStatus"]?.string == "Established" && $0.status["bfdStatus"]?.string == "up"
    }.count
  }

  /// The lines that name next hops.
  static func nextHops(in text: String) -> String {
    text.split(separator: "\n").filter { $0.contains("* ") }.map { $0.trimmingPrefix { $0 == " " } }
      .joined(separator: "\n")
  }

  /// A node that serves, and does not take the controller along.
  private func nodeToLose() async throws -> String {
    let pods = await self.stage.readyPods(in: "metallb-system")
    let busy = pods.first { $0.labels["component"] == "controller" }?.nodeName
    guard let node = self.stage.cluster.plan.nodes.map(\.name).last(where: { $0 != busy }) else {
      throw LabRefusal("there is no node to lose")
    }
    return node
  }
}
