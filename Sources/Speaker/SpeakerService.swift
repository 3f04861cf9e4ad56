import Balancer
import HostNetwork
import KubernetesClient
import KubernetesModel
import Layer2
import Logging
import Primitives
import Reporting
import Runner
import ServiceLifecycle
import Serving

/// The speaker process: watches the cluster and this machine's interfaces, lets `SpeakerState` decide what this node
/// announces, and answers the neighbours accordingly.
///
///     Watcher<Service> ─────────┐
///     Watcher<EndpointSlice> ───┤
///     Watcher<Node> ────────────┤
///     Watcher<IPAddressPool> ───┼──▶ Inbox ──▶ RunLoop(SpeakerState) ──▶ perform
///     Watcher<L2Advertisement> ─┤                                         ├─ claim, release ──▶ LinkResponder ──▶ frames
///     InterfaceMonitor ─────────┤                                         ├─ emit ──▶ EventRecorder ──▶ API server
///     GossipService ────────────┘                                         └─ watch ──▶ GossipService
///
/// Nothing in here decides. Each object is reduced to its view as soon as it is read, so that what nobody needs does not
/// wait in the inbox. An API server that is away changes nothing: what was decided last stays announced.
package struct SpeakerService: ServiceLifecycle.Service {
  /// For how long Events are still written after the end has come.
  private static let eventGrace = Duration.seconds(2)

  private let options: SpeakerOptions
  private let client: KubernetesClient
  private let exclusions: InterfaceExclusions
  private let gossip: GossipService?
  private let dumpRequests: Inbox<Void>
  private let logger: Logger

  /// How long a node that is about to go answers for its addresses while others take them over.
  private static let handOverTime = Duration.milliseconds(1500)

  /// Throws what is wrong with the files of excluded interfaces and of the gossip. Each element of `dumpRequests` has the
  /// last decisions written to the log.
  package init(
    options: SpeakerOptions, client: KubernetesClient, dumpRequests: Inbox<Void> = Inbox(capacity: 1), logger: Logger
  ) throws {
    self.options = options
    self.client = client
    self.dumpRequests = dumpRequests
    self.exclusions = try ExclusionFile.read(options.exclusionFile)
    self.gossip = try options.gossip.map { gossip in
      try GossipService(
        options: gossip, node: options.node, namespace: options.namespace, client: client, logger: logger)
    }
    self.logger = logger
  }

  /// Runs until it is stopped or cancelled, and withdraws everything then; throws when an address to serve on, or a
  /// socket to hear of interfaces on, cannot be had.
  package func run() async throws {
    let recorder = EventRecorder(self.client, component: "metallb-speaker", logger: self.logger)
    try await recorder.run(grace: Self.eventGrace) { try await self.run(with: recorder) }
  }

  private func run(with recorder: EventRecorder) async throws {
    let parts = try self.makeParts(recorder)
    let identity = OwnPodIdentity()
    let report = SpeakerReport(parts: parts, gossip: self.gossip)
    let status = StatusEndpoint(
      podUID: { identity.uid }, status: { await report.status($0) }, decisions: { await report.history($0) })
    let loops = self.loops(parts)
    let servers = try self.makeServers(parts, status, loops)
    try await withThrowingTaskGroup(of: Void.self) { group in
      if let gossip = self.gossip {
        group.addTask {
          try await gossip.run {
            await parts.inbox.send(.members($0))
          } told: {
            if let notice = OwnershipNotice($0) { await parts.inbox.send(.told(notice)) }
            if let notice = ObjectionNotice($0) { await parts.inbox.send(.objected(notice)) }
          }
        }
      }
      group.addTask {
        try await self.serve(servers, status, identity, parts, loops)
        // Only now, as nothing is announced any more.
        await self.gossip?.leave()
      }
      // Either ends when the other must.
      defer { group.cancelAll() }
      try await group.next()
    }
  }

  private func makeParts(_ recorder: EventRecorder) throws -> SpeakerParts {
    let inbox = Inbox<SpeakerState.Event>(capacity: 1024)
    let sockets = try ReadinessLoop(name: "layer2")
    var dice = SystemRandomNumberGenerator()
    let responder = LinkResponder(
      on: sockets, exclusions: self.exclusions, reception: self.options.isPromiscuous ? .promiscuous : .ordinary,
      gratuitous: GratuitousSchedule.Settings(refreshInterval: self.options.refreshInterval), seed: dice.next(),
      logger: self.logger)
    let bgp = BGPSpeaker(
      node: self.options.node, seed: dice.next(), listenPort: self.options.bgpListenPort, logger: self.logger)
    let bfd = BFDPeers(try BFDService(seed: dice.next(), logger: self.logger)) { bgp.pathChanged(to: $0, $1) }
    return SpeakerParts(
      inbox: inbox, window: Window { _ = inbox.trySend(.tick) }, tally: UpdateTally(), recorder: recorder,
      sockets: sockets, responder: responder, bgp: bgp, bfd: bfd,
      routers: RouterFinder(on: sockets, seed: dice.next(), logger: self.logger), takeovers: TakeoverLog())
  }

  /// What must turn for the speaker to do its work.
  private func loops(_ parts: SpeakerParts) -> LoopWatch {
    var loops = [
      LoopWatch.Loop("decisions") { _ = await parts.window.look { _ in () } },
      LoopWatch.Loop("layer 2") { await parts.sockets.turn() },
      LoopWatch.Loop("BGP", laggards: { parts.bgp.laggards }) { await parts.bgp.turn() },
      LoopWatch.Loop("BFD") { await parts.bfd.turn() },
      .connections,
    ]
    if let gossip = self.gossip { loops.append(LoopWatch.Loop("gossip") { _ = await gossip.look { _ in () } }) }
    return LoopWatch(loops)
  }

  private func makeServers(
    _ parts: SpeakerParts, _ status: StatusEndpoint, _ loops: LoopWatch
  ) throws -> [any ServiceLifecycle.Service] {
    let health = HealthChecks(loops) {
      let awaited = await parts.window.look { $0.awaited.map(\.rawValue).sorted() } ?? []
      return awaited.isEmpty ? [] : ["this node does not know everything about: \(awaited.joined(separator: ", "))"]
    }
    return try ProcessServers.all(
      self.options.servers, logger: self.logger,
      ProcessServers.Content(
        health: health, status: status, mayRead: PageReaders(self.client, logger: self.logger).access
      ) { await self.page(parts) })
  }

  /// The metrics, of a reading of the state, so that no decision waits until they are written.
  private func page(_ parts: SpeakerParts) async -> MetricsPage? {
    guard let reading = await parts.window.look({ $0.reading() }) else { return nil }
    var page = SpeakerMetrics.page(
      of: reading, tally: parts.tally, counters: parts.responder.counters(), peers: parts.bgp.readings())
    page.appendTakeovers(parts.takeovers.histogram, watched: await self.gossip?.look(\.watchReadings) ?? [])
    page.appendBFD(parts.bfd.readings())
    page.appendRequests(of: self.client)
    return page
  }

  private func serve(
    _ servers: [any ServiceLifecycle.Service], _ status: StatusEndpoint, _ identity: OwnPodIdentity,
    _ parts: SpeakerParts, _ loops: LoopWatch
  ) async throws {
    enum Ending { case ofServer, ofAll }
    try await withThrowingTaskGroup(of: Ending.self) { group in
      defer { group.cancelAll() }
      for server in servers {
        // A stop closes them at once, while addresses are still being handed over.
        group.addTask {
          try await server.run()
          return .ofServer
        }
      }
      group.addTask {
        await self.observe(loops, parts)
        return .ofServer
      }
      if self.options.podName != nil {
        group.addTask {
          await self.serveStatus(status, identity)
          return .ofServer
        }
      }
      group.addTask {
        try await self.followInterfaces(parts)
        return .ofAll
      }
      group.addTask {
        await parts.routers.run { interface, finding in
          parts.bgp.routerChanged(on: interface, to: finding)
          parts.bfd.routerChanged(on: interface, to: finding)
        }
        return .ofAll
      }
      group.addTask {
        await parts.bfd.run { await parts.bgp.run() }
        return .ofAll
      }
      group.addTask {
        await self.announce(parts)
        return .ofAll
      }
      group.addTask {
        try await gracefulShutdown()
        await self.handOver(parts.inbox, parts.window)
        return .ofAll
      }
      do {
        while try await group.next() == .ofServer {}
      } catch is CancellationError {
      }
    }
  }

  /// Watches the loops, and writes the last decisions to the log whenever somebody asks for them.
  private func observe(_ loops: LoopWatch, _ parts: SpeakerParts) async {
    async let dump: Void = DecisionDump(self.dumpRequests, logger: self.logger) {
      await parts.window.look(\.journal).map { DecisionHistory($0, at: Time.now) }
    }.run()
    await loops.run()
    await dump
  }

  /// Serves `/status` where the API server can ask for it; without that, the speaker does its work all the same.
  private func serveStatus(_ status: StatusEndpoint, _ identity: OwnPodIdentity) async {
    guard let server = ProcessServers.status(self.options.servers, logger: self.logger, status) else { return }
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        await identity.learn(
          from: OwnPod(
            self.client, namespace: self.options.namespace, name: self.options.podName, logger: self.logger))
      }
      group.addTask {
        do {
          try await server.run()
        } catch is CancellationError {
        } catch {
          self.logger.warning(
            "nobody but this node can ask for /status",
            metadata: ["address": .string(self.options.servers.statusHost ?? ""), "reason": "\(error)"])
        }
      }
    }
  }

  /// Lets others take over what this node announces, and goes on answering until they have, or it is clear that they
  /// will not.
  private func handOver(_ inbox: Inbox<SpeakerState.Event>, _ window: Window<SpeakerState>) async {
    guard let gossip = self.gossip, await gossip.hasCompany else { return }
    func isOwner() async -> Bool { await window.look { !$0.claimed.isEmpty } ?? false }
    guard await isOwner() else { return }
    self.logger.info("handing over to other nodes")
    await inbox.send(.handingOver)
    gossip.describe(isPassive: true)
    let deadline = Time.now + Self.handOverTime
    while Time.now < deadline, await isOwner() {
      try? await ContinuousClock().sleep(for: .milliseconds(50))
    }
  }

  private func followInterfaces(_ parts: SpeakerParts) async throws {
    var kernelAddresses: [IPAddress: String] = [:]
    var selector = LinkSelector(excluding: self.exclusions)
    try await InterfaceMonitor(on: parts.sockets, logger: self.logger).run { interfaces in
      parts.responder.interfacesChanged(interfaces)
      parts.bgp.interfacesChanged(interfaces)
      parts.bfd.interfacesChanged(interfaces)
      parts.routers.interfacesChanged(interfaces)
      let links = selector.links(among: interfaces)
      let own = KernelAnswers.addresses(of: interfaces, on: links[.ipv4] ?? [])
      if own != kernelAddresses {
        kernelAddresses = own
        await parts.inbox.send(.kernelAddresses(own))
      }
      let carriers = Set(interfaces.filter(\.hasCarrier).map(\.index))
      let byFamily = links.mapValues { Set($0.filter { carriers.contains($0.index) }.map(\.name)) }
      // What nobody can be told now would arrive when the link is back, and be true no more.
      if let options = self.options.gossip, interfaces.canSend(from: options.address) {
        self.gossip?.describe(interfaces: byFamily, hardware: Set(links.values.joined().map(\.hardwareAddress)))
      }
      await parts.inbox.send(.interfaces(byFamily))
    }
  }

  private func announce(_ parts: SpeakerParts) async {
    await withTaskGroup(of: Void.self) { group in
      let pod = OwnPod(
        self.client, namespace: self.options.namespace, name: self.options.podName, logger: self.logger)
      let keeper = self.configurationStateKeeper(pod)
      group.addTask { await keeper.run() }
      let layer2Reports = NodeReporter<ServiceL2Status>(
        self.client, node: self.options.node, namespace: self.options.namespace, pod: pod, logger: self.logger
      ) { await parts.inbox.send(.ownership($0.map(OwnershipClaim.init))) }
      let bgpReports: NodeReporter<ServiceBGPStatus> = self.nodeReporter(pod)
      let sessions = SessionReporter(bgp: parts.bgp, bfd: parts.bfd, reporter: self.nodeReporter(pod))
      group.addTask { await layer2Reports.run() }
      group.addTask { await bgpReports.run() }
      group.addTask { await sessions.run() }
      group.addTask { await self.answer(with: parts.responder, inbox: parts.inbox) }
      let reporter = Reporter(recorder: parts.recorder, keeper: keeper, logger: self.logger)
      self.addWatchers(to: &group, inbox: parts.inbox, tally: parts.tally)
      let feed = ConfigurationFeed(
        client: self.client, namespace: self.options.namespace, configMap: self.options.legacyConfigMap,
        reporter: reporter, tally: parts.tally, logger: self.logger)
      group.addTask { await feed.run(into: parts.inbox) }
      keeper.conclude(.unknown)
      let hands = SpeakerHands(
        responder: parts.responder, bgp: parts.bgp, bfd: parts.bfd, routers: parts.routers, reporter: reporter,
        gossip: self.gossip, layer2Reports: layer2Reports, bgpReports: bgpReports, logger: self.logger)
      let state = SpeakerState(
        settings: SpeakerState.Settings(
          node: self.options.node, loadBalancerClass: self.options.loadBalancerClass,
          ignoresExclusion: self.options.ignoresExclusion,
          failureDetector: self.gossip == nil ? .nodeReadiness : .gossip,
          probesAddresses: self.options.probesAddresses, settleTime: self.options.settleTime))
      var isReady = false
      var lastTakeover: UInt64 = 0
      var last = await RunLoop<SpeakerState, ContinuousClock>(inbox: parts.inbox).run(state) { actions, machine in
        for action in actions { hands.perform(action) }
        if let takeover = machine.lastTakeover, takeover.number > lastTakeover {
          lastTakeover = takeover.number
          let absences = self.gossip?.absences(of: takeover.nodes) ?? [:]
          hands.tookOver(takeover, of: machine, after: parts.takeovers.note(takeover, absences: absences, at: Time.now))
        }
        if !isReady && machine.awaited.isEmpty {
          isReady = true
          // The machine tells what changes; that nothing is wrong at the start is told here.
          if machine.problems.isEmpty { reporter.tell([Problem]()) }
          self.gossip?.describe(isPassive: false)
        }
        if machine.awaited.isEmpty { layer2Reports.decided() }
        if machine.isDecidingOnBGP {
          bgpReports.decided()
          sessions.peersKnown()
        }
        parts.window.open(on: machine)
      }
      for action in last.handle(.stopping, at: Time.now) { hands.perform(action) }
      parts.window.close()
      group.cancelAll()
    }
  }

  private func nodeReporter<Report: NodeReport>(_ pod: OwnPod) -> NodeReporter<Report> {
    NodeReporter(
      self.client, node: self.options.node, namespace: self.options.namespace, pod: pod, logger: self.logger)
  }

  private func configurationStateKeeper(_ pod: OwnPod) -> ConfigurationStateKeeper {
    var dice = SystemRandomNumberGenerator()
    return ConfigurationStateKeeper(
      self.client,
      settings: .speaker(namespace: self.options.namespace, node: self.options.node, seed: dice.next()),
      pod: pod, logger: self.logger)
  }

  private func answer(with responder: LinkResponder, inbox: Inbox<SpeakerState.Event>) async {
    var directory = HolderDirectory(logger: self.logger)
    await responder.run { finding in
      switch finding {
      case .free(let address):
        await inbox.send(.addressFree(address))
      case .occupied(let claim, let interface):
        await inbox.send(.addressOccupied(claim.address, by: directory.holder(claim, on: interface)))
      case .contested(let claim, let interface):
        await inbox.send(.addressContested(claim.address, by: directory.holder(claim, on: interface)))
      }
    }
  }

  private func addWatchers(to group: inout TaskGroup<Void>, inbox: Inbox<SpeakerState.Event>, tally: UpdateTally) {
    func follow<R: KubernetesResource>(
      _ type: R.Type, namespace: String? = nil, as source: SpeakerState.Source? = nil,
      _ event: @escaping @Sendable (ObjectChange<R>) -> SpeakerState.Event
    ) {
      let watcher = Watcher(self.client, type, namespace: namespace, logger: self.logger)
      group.addTask {
        await watcher.run { change in
          tally.count(change)
          self.logger.complain(about: change, of: R.type)
          await inbox.send(event(change))
        } following: { isFollowing in
          if let source { await inbox.send(.following(source, isFollowing)) }
        }
      }
    }
    follow(KubernetesModel.Service.self, as: .services) { .services($0.map(ExposedService.init)) }
    follow(EndpointSlice.self, as: .endpoints) { .endpoints($0.map(EndpointsView.init)) }
    follow(Node.self, as: .nodes) { change in
      if let gossip = self.gossip, case .applied(let node) = change, node.key.name == self.options.node {
        gossip.ownNodeSeen(NodeView(node))
      }
      return .nodes(change.map(NodeView.init))
    }
    follow(Secret.self, namespace: self.options.namespace) { .secrets($0.map(PasswordSecret.init)) }
  }
}
