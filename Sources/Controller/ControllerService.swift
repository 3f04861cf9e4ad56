import Balancer
import FoundationEssentials
import KubernetesClient
import KubernetesModel
import Logging
import Reporting
import Runner
import ServiceLifecycle
import Serving

/// The controller process: watches Services, pools, namespaces and advertisements, lets `ControllerState` decide, and does what it says.
///
///     Watcher<Service> ────────┐
///     Watcher<IPAddressPool> ──┤──▶ Inbox ──▶ RunLoop(ControllerState) ──▶ perform
///     Watcher<Namespace> ──────┤      ▲                                      ├─ write ──▶ ChildTasks ──▶ API server
///     Watcher<…Advertisement> ─┤      │                                      │              (if Leadership permits)
///     LeaderElectionLoop ──────┘      └───────── .written(key, outcome) ─────┘      └─ Reporter ────▶ API server
///     WebhookService: answers the API server, in every replica
///
/// Nothing in here decides. A write is a child task whose outcome comes back as an event, so that a slow API server never
/// holds up the loop; the machine keeps at most one write per object and a bounded number of all under way.
/// When the process is asked to stop, nothing more is decided, but the Events of what was decided are still written.
package struct ControllerService: ServiceLifecycle.Service {
  private static let writesInFlight = 32
  /// For how long Events are still written after the end has come.
  private static let eventGrace = Duration.seconds(5)

  private let options: ControllerOptions
  private let client: KubernetesClient
  private let dumpRequests: Inbox<Void>
  private let logger: Logger

  /// Each element of `dumpRequests` has the last decisions written to the log.
  package init(
    options: ControllerOptions, client: KubernetesClient, dumpRequests: Inbox<Void> = Inbox(capacity: 1), logger: Logger
  ) {
    self.options = options
    self.client = client
    self.dumpRequests = dumpRequests
    self.logger = logger
  }

  /// Runs until it is stopped or cancelled; throws when an address to serve on cannot be had.
  package func run() async throws {
    let recorder = EventRecorder(self.client, component: "metallb-controller", logger: self.logger)
    try await recorder.run(grace: Self.eventGrace) { try await self.run(with: recorder) }
  }

  private func run(with recorder: EventRecorder) async throws {
    let inbox = Inbox<ControllerState.Event>(capacity: 1024)
    let window = Window<ControllerState> { _ = inbox.trySend(.tick) }
    let tally = UpdateTally()
    let readiness = WebhookReadiness(isServing: self.options.webhookMode == .disabled)
    let webhookTLS = RenewableTLS(self.options.webhooks.tls)
    let election = self.election()
    let identity = OwnPodIdentity()
    let loops = LoopWatch([LoopWatch.Loop("decisions") { _ = await window.look { _ in () } }, .connections])
    let servers = try ProcessServers.all(
      self.options.servers, logger: self.logger,
      ProcessServers.Content(
        health: HealthChecks(loops) { await self.awaited(readiness, window) },
        status: self.statusEndpoint(identity, window, election),
        mayRead: PageReaders(self.client, logger: self.logger).access,
        certificates: self.options.webhookMode == .disabled ? [] : [(use: "webhooks", tls: webhookTLS)]
      ) { await self.page(window, tally, election) })
    try await withThrowingTaskGroup(of: Void.self) { group in
      // The lease outlives the work by a moment, and is released when nothing more is written.
      if self.options.webhookMode != .onlywebhook { group.addTask { await election.run() } }
      group.addTask {
        defer { election.stop() }
        try await self.work(
          servers, identity, readiness, webhookTLS, election, inbox: inbox, window: window, tally: tally,
          recorder: recorder)
      }
      group.addTask { await cancelWhenGracefulShutdown { await self.observe(loops, window) } }
      do {
        try await group.waitForAllOrFailure()
      } catch {
        group.cancelAll()
        throw error
      }
    }
  }

  /// What keeps the controller from its work, for `/readyz`.
  private func awaited(_ readiness: WebhookReadiness, _ window: Window<ControllerState>) async -> [String] {
    var awaited = readiness.isReady() ? [] : ["the webhooks cannot be called yet"]
    if self.options.webhookMode != .onlywebhook, let lists = await window.look(\.awaitedLists), !lists.isEmpty {
      awaited.append("the API server has not told everything about: \(lists.joined(separator: ", "))")
    }
    return awaited
  }

  /// What is told at `/status`. Readings are looked at, so that no decision waits until an answer is written.
  private func statusEndpoint(
    _ identity: OwnPodIdentity, _ window: Window<ControllerState>, _ election: LeaderElectionLoop
  ) -> StatusEndpoint {
    StatusEndpoint(
      podUID: { identity.uid },
      status: { _ in
        await window.look(\.reading)?.status(software: Version.current, isLeading: election.leadership.mayAct())
      },
      decisions: { query in
        let object = query["object"].flatMap(ObjectKey.init(text:))
        return await window.look(\.journal).map { DecisionHistory($0, about: object, at: Time.now) }
      })
  }

  private func page(
    _ window: Window<ControllerState>, _ tally: UpdateTally, _ election: LeaderElectionLoop
  ) async -> MetricsPage? {
    var page = MetricsPage()
    if self.options.webhookMode != .onlywebhook {
      guard let reading = await window.look(\.reading) else { return nil }
      page = ControllerMetrics.page(of: reading, tally: tally, isLeading: election.leadership.mayAct())
    }
    page.appendRequests(of: self.client)
    return page
  }

  /// Watches the loop, and writes its last decisions to the log whenever somebody asks for them.
  private func observe(_ loops: LoopWatch, _ window: Window<ControllerState>) async {
    async let dump: Void = DecisionDump(self.dumpRequests, logger: self.logger) {
      await window.look(\.journal).map { DecisionHistory($0, at: Time.now) }
    }.run()
    await loops.run()
    await dump
  }

  private func election() -> LeaderElectionLoop {
    var dice = SystemRandomNumberGenerator()
    let pod = self.options.podName
    let suffix = String(UInt32.random(in: .min ... .max, using: &dice), radix: 16)
    return LeaderElectionLoop(
      client: self.client, namespace: self.options.namespace,
      settings: LeaderElection.Settings(
        identity: pod ?? "\(ProcessInfo.processInfo.hostName)_\(suffix)", holdersArePods: pod != nil, seed: dice.next()),
      logger: self.logger)
  }

  /// Everything but the election, until a stop begins.
  private func work(
    _ servers: [any ServiceLifecycle.Service], _ identity: OwnPodIdentity, _ readiness: WebhookReadiness,
    _ webhookTLS: RenewableTLS, _ election: LeaderElectionLoop,
    inbox: Inbox<ControllerState.Event>, window: Window<ControllerState>, tally: UpdateTally, recorder: EventRecorder
  ) async throws {
    try await cancelWhenGracefulShutdown {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for server in servers {
          group.addTask { try await server.run() }
        }
        if self.options.podName != nil {
          group.addTask {
            await identity.learn(
              from: OwnPod(
                self.client, namespace: self.options.namespace, name: self.options.podName, logger: self.logger))
          }
        }
        if self.options.webhookMode != .disabled {
          group.addTask {
            try await WebhookService(
              options: self.options.webhooks, namespace: self.options.namespace, client: self.client,
              tls: webhookTLS, readiness: readiness, logger: self.logger
            ).run()
          }
        }
        if let secret = self.options.memberlistSecret {
          group.addTask {
            await MemberlistSecretUpkeep(
              client: self.client, namespace: self.options.namespace, secret: secret, logger: self.logger
            ).run()
          }
        }
        group.addTask {
          if self.options.webhookMode == .onlywebhook {
            window.close()
            try? await gracefulShutdown()
          } else {
            await self.reconcile(election, inbox: inbox, window: window, tally: tally, recorder: recorder)
          }
        }
        do {
          try await group.waitForAllOrFailure()
        } catch is CancellationError {
        } catch {
          group.cancelAll()
          throw error
        }
      }
    }
  }

  private func reconcile(
    _ election: LeaderElectionLoop, inbox: Inbox<ControllerState.Event>, window: Window<ControllerState>,
    tally: UpdateTally, recorder: EventRecorder
  ) async {
    await withTaskGroup(of: Void.self) { group in
      var dice = SystemRandomNumberGenerator()
      let keeper = ConfigurationStateKeeper(
        self.client, settings: .controller(namespace: self.options.namespace, seed: dice.next()),
        pod: OwnPod(self.client, namespace: self.options.namespace, name: self.options.podName, logger: self.logger),
        logger: self.logger)
      let tasks = ChildTasks(limit: Self.writesInFlight * 2, capacity: 65_536)
      group.addTask { await tasks.run() }
      let reporter = Reporter(recorder: recorder, keeper: keeper, logger: self.logger)
      let feed = ConfigurationFeed(
        client: self.client, namespace: self.options.namespace, configMap: self.options.legacyConfigMap,
        reporter: reporter, leadership: election.leadership, tally: tally, logger: self.logger)
      group.addTask {
        await LeadershipChanges(client: self.client, election: election, inbox: inbox).run {
          feed.tellWhatWaits()
          await keeper.run()
        }
      }
      self.addWatchers(to: &group, inbox: inbox, tally: tally)
      group.addTask { await feed.run(into: inbox) }
      keeper.conclude(.unknown)
      let state = ControllerState(
        settings: ControllerState.Settings(
          loadBalancerClass: self.options.loadBalancerClass,
          unknownPool: self.options.unknownPool == .fail ? .fail : .allocate,
          writesInFlight: Self.writesInFlight, awaitsElection: true, seed: dice.next()))
      let hands = ControllerHands(
        client: self.client, reporter: reporter, tasks: tasks, inbox: inbox, leadership: election.leadership,
        tally: tally, logger: self.logger)
      await RunLoop<ControllerState, ContinuousClock>(inbox: inbox).run(state) { actions, machine in
        for action in actions { hands.perform(action) }
        window.open(on: machine)
      }
      window.close()
      group.cancelAll()
    }
  }

  private func addWatchers(
    to group: inout TaskGroup<Void>, inbox: Inbox<ControllerState.Event>, tally: UpdateTally
  ) {
    let services = Watcher(self.client, KubernetesModel.Service.self, logger: self.logger)
    let namespaces = Watcher(self.client, Namespace.self, logger: self.logger)
    group.addTask {
      await services.run {
        tally.count($0)
        self.logger.complain(about: $0, of: KubernetesModel.Service.type)
        await inbox.send(.services($0.map(ServiceView.init)))
      } rewound: {
        await inbox.send(.rewound)
      }
    }
    group.addTask {
      await namespaces.run { change in
        self.logger.complain(about: change, of: Namespace.type)
        await inbox.send(.namespaces(change))
      }
    }
  }
}
