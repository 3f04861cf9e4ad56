import Balancer
import Dashboard
import KubernetesClient
import KubernetesModel
import Logging
import Runner

/// Follows a cluster for the pages that look at it.
///
///     watches ──┐                                     ┌──▶ looks: /version, and each pod's /status
///     looks ────┼──▶ Inbox ──▶ DashboardState ──actions──▶ snapshots ──▶ every open page
///     pages ────┘                                     ├──▶ inspections: what stands around MetalLB
///                                                     └──▶ watches, begun anew
final class DashboardFeed: Sendable {
  private static let connectionLimit = Duration.seconds(3)
  /// Between two tries to follow what may not be read.
  private static let retryInterval = Duration.seconds(30)
  private static let inspectionLimit = Duration.seconds(30)

  private let client: KubernetesClient
  private let namespace: String
  private let configMap: String
  private let statusPort: Int
  private let loadBalancerClass: String?
  private let logger: Logger
  private let inbox = Inbox<DashboardState.Event>(capacity: 1024)
  let latest = LatestSnapshot()

  /// A class that is not given is the controller's.
  init(
    client: KubernetesClient, namespace: String, configMap: String, statusPort: Int, loadBalancerClass: String?,
    logger: Logger
  ) {
    self.client = client
    self.namespace = namespace
    self.configMap = configMap
    self.statusPort = statusPort
    self.loadBalancerClass = loadBalancerClass
    self.logger = logger
  }

  /// Runs until the task is cancelled.
  func run() async {
    let tasks = ChildTasks(limit: 4, capacity: 16)
    let restarts = Inbox<Void>(capacity: 1)
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await tasks.run() }
      group.addTask { await self.followAgainAndAgain(restarts) }
      group.addTask {
        await RunLoop(inbox: self.inbox).run(DashboardState()) { actions, state in
          for action in actions {
            switch action {
            case .look(let controllers, let speakers):
              _ = tasks.start { await self.look(at: controllers, speakers) }
            case .publish:
              let picture = state.picture
              _ = tasks.start { await self.publish(picture) }
            case .inspect:
              let picture = state.picture
              _ = tasks.start { await self.inspect(picture) }
            case .followAnew: _ = restarts.trySend(())
            }
          }
        }
      }
      await group.next()
      group.cancelAll()
    }
  }

  /// While `body` runs somebody looks.
  func withViewer(_ body: () async throws -> Void) async throws {
    await self.inbox.send(.viewerCame)
    do {
      try await body()
    } catch {
      await self.leave()
      throw error
    }
    await self.leave()
  }

  /// Who leaves has been cancelled, as a rule, and cannot wait for room; where there is none for long, nobody reads.
  private func leave() async {
    for _ in 0..<10_000 {
      if self.inbox.trySend(.viewerLeft) { return }
      await Task.yield()
    }
  }

  // MARK: Looks

  private func look(at controllers: [Pod], _ speakers: [Pod]) async {
    let client = self.client
    do {
      _ = try await withTimeout(Self.connectionLimit) {
        try await client.send(APIRequest(.get, "/version"), as: JSONValue.self)
      }
    } catch {
      await self.inbox.send(.unreachable("\(error)"))
      return
    }
    let reader = StatusReader(client: client, namespace: self.namespace, port: self.statusPort)
    async let ofControllers = reader.ask(controllers, as: ControllerStatus.self)
    async let ofSpeakers = reader.ask(speakers, as: SpeakerStatus.self)
    await self.inbox.send(.looked(controllers: ofControllers, speakers: ofSpeakers))
  }

  /// Looks for what keeps the configuration from working in this cluster, as `metallb check` does.
  private func inspect(_ picture: ClusterPicture) async {
    let reader = SurroundingsReader(
      reader: ClusterReader(client: self.client, namespace: self.namespace, configMap: self.configMap),
      loadBalancerClass: self.loadBalancerClass)
    let inspection = try? await withTimeout(Self.inspectionLimit) {
      let surroundings = await reader.read(
        configuration: picture.configuration, services: picture.servicesOfEveryType, nodes: picture.nodesIfReadable)
      return ClusterPicture.Inspection(
        warnings: ClusterTraps.problems(in: surroundings, parse: YAMLText.document),
        loadBalancerClass: surroundings.loadBalancerClass)
    }
    await self.inbox.send(.inspected(inspection))
  }

  private func publish(_ picture: ClusterPicture) async {
    let place = ClusterSnapshot.Place(
      server: "\(self.client.configuration.server)", namespace: self.namespace, software: Version.current)
    self.latest.publish(
      ClusterSnapshot(
        of: picture, in: place, loadBalancerClass: self.loadBalancerClass ?? picture.inspection?.loadBalancerClass,
        at: Timestamp(microseconds: Time.wallMicroseconds)))
    await self.inbox.send(.published)
  }

  // MARK: Watches

  private func followAgainAndAgain(_ restarts: Inbox<Void>) async {
    while !Task.isCancelled {
      await withTaskGroup(of: Void.self) { group in
        group.addTask { await self.followAll() }
        group.addTask { _ = await restarts.next(before: nil, on: ContinuousClock()) }
        await group.next()
        group.cancelAll()
      }
    }
  }

  private func followAll() async {
    await withTaskGroup(of: Void.self) { group in
      let own = self.namespace
      group.addTask { await self.follow(Service.self) { .services($0) } }
      group.addTask { await self.follow(Node.self) { .nodes($0) } }
      group.addTask { await self.follow(Pod.self, in: own) { .pods($0) } }
      group.addTask { await self.follow(IPAddressPool.self, in: own) { .pools($0) } }
      group.addTask { await self.follow(L2Advertisement.self, in: own) { .l2Advertisements($0) } }
      group.addTask { await self.follow(BGPAdvertisement.self, in: own) { .bgpAdvertisements($0) } }
      group.addTask { await self.follow(BGPPeer.self, in: own) { .bgpPeers($0) } }
      group.addTask { await self.follow(ServiceL2Status.self, in: own) { .layer2Statuses($0) } }
      group.addTask { await self.follow(ServiceBGPStatus.self, in: own) { .bgpStatuses($0) } }
      // Of a cluster's Events only these travel: a selector of fields takes one value, so there are two watches.
      for component in ["metallb-controller", "metallb-speaker"] {
        group.addTask { await self.follow(Event.self, fields: "source=\(component)") { .events($0) } }
      }
      await group.waitForAll()
    }
  }

  /// Follows a kind of objects as soon as that is allowed.
  private func follow<R: KubernetesResource>(
    _ type: R.Type, in namespace: String? = nil, fields: String? = nil,
    _ change: @escaping @Sendable (ObjectChange<R>) -> ClusterChange
  ) async {
    let kind = R.type.kind
    while !Task.isCancelled {
      do throws(APIError) {
        let scope = ListScope(namespace: namespace, fieldSelector: fields)
        _ = try await self.client.page(R.self, in: scope, limit: 1)
        await self.inbox.send(.unreadable(kind: kind, reason: nil))
        break
      } catch {
        // A server that is away is no reason: the watch itself waits for it.
        guard error.isForbidden || error.isNotFound else { break }
        await self.inbox.send(
          .unreadable(
            kind: kind, reason: error.isForbidden ? "\(error)" : "the cluster does not know them; is MetalLB installed?"
          ))
        try? await ContinuousClock().sleep(for: Self.retryInterval)
      }
    }
    await Watcher(self.client, R.self, namespace: namespace, fieldSelector: fields, logger: self.logger).run {
      await self.inbox.send(.changed(change($0)))
    }
  }

  /// Follows the endpoints of one Service until the task is cancelled.
  func followEndpoints(
    of key: ObjectKey, refused: @Sendable (String) async -> Void,
    _ deliver: @Sendable (ObjectChange<EndpointSlice>) async -> Void
  ) async {
    let selector = "\(EndpointSlice.serviceNameLabel)=\(key.name)"
    do throws(APIError) {
      let scope = ListScope(namespace: key.namespace, labelSelector: selector)
      _ = try await self.client.page(EndpointSlice.self, in: scope, limit: 1)
    } catch {
      if error.isForbidden { return await refused("\(error)") }
    }
    await Watcher(
      self.client, EndpointSlice.self, namespace: key.namespace, labelSelector: selector, logger: self.logger
    ).run(deliver)
  }
}
