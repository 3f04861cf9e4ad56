import Balancer
import KubernetesClient
import KubernetesModel
import Logging
import Runner
import Synchronization

/// Keeps the ConfigurationState of this process in the cluster, as `ConfigurationStateUpkeep` says.
///
///     conclude(verdict) ────────────┐
///     Watcher<ConfigurationState> ──┼──▶ Inbox ──▶ RunLoop(ConfigurationStateUpkeep) ──▶ perform
///     OwnPod ───────────────────────┘      ▲                                              └─ apply ──▶ API server
///                                          └────────────── .applied(outcome) ───────────────────┘
///
/// A cluster that lacks the kind, or the permission, is told of once in the log and harmed in no way.
package struct ConfigurationStateKeeper: Sendable {
  private let client: KubernetesClient
  private let settings: ConfigurationStateUpkeep.Settings
  private let pod: OwnPod
  private let logger: Logger
  private let inbox = Inbox<ConfigurationStateUpkeep.Event>(capacity: 1024)
  private let tasks = ChildTasks(limit: 1, capacity: 16)
  private let latest = Latest()

  /// The newest verdict, for a keeper that begins, or begins again, after it was reached.
  private final class Latest: Sendable {
    let verdict = Mutex<ConfigurationVerdict?>(nil)
  }

  package init(
    _ client: KubernetesClient, settings: ConfigurationStateUpkeep.Settings, pod: OwnPod, logger: Logger
  ) {
    self.client = client
    self.settings = settings
    self.pod = pod
    self.logger = logger
  }

  /// Notes what the process makes of the configuration now; never waits.
  package func conclude(_ verdict: ConfigurationVerdict) {
    self.latest.verdict.withLock { $0 = verdict }
    _ = self.inbox.trySend(.concluded(verdict))
  }

  /// Keeps the object until the task is cancelled; may be called again then. The object stays, and goes with the pod.
  package func run() async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.tasks.run() }
      group.addTask {
        if let verdict = self.latest.verdict.withLock({ $0 }) { await self.inbox.send(.concluded(verdict)) }
        await self.inbox.send(.owned(by: self.pod.reference()))
      }
      group.addTask {
        let watcher = Watcher(
          self.client, ConfigurationState.self, namespace: self.settings.key.namespace,
          fieldSelector: "metadata.name=\(self.settings.key.name)", logger: self.logger)
        await watcher.run { await self.inbox.send(.seen($0)) }
      }
      let machine = ConfigurationStateUpkeep(settings: self.settings)
      await RunLoop<ConfigurationStateUpkeep, ContinuousClock>(inbox: self.inbox).run(machine) { actions, _ in
        for action in actions { self.perform(action) }
      }
      group.cancelAll()
    }
  }

  private func perform(_ action: ConfigurationStateUpkeep.Action) {
    switch action {
    case .applyObject(let object): self.apply(object, subresource: nil)
    case .applyStatus(let object): self.apply(self.dated(object), subresource: "status")
    case .complain(let reason):
      self.logger.warning(
        "cannot write the ConfigurationState; trying again",
        metadata: ["object": "\(self.settings.key)", "reason": .string(reason)])
    }
  }

  private func apply(_ object: ConfigurationState, subresource: String?) {
    let isStarted = self.tasks.start {
      let outcome: ConfigurationStateUpkeep.Outcome
      do throws(APIError) {
        let applied = try await self.client.apply(
          object, subresource: subresource, manager: self.settings.manager, force: true)
        outcome = .succeeded(applied)
      } catch {
        outcome = error.isNotFound ? .notFound(reason: error.description) : .failed(reason: error.description)
      }
      await self.inbox.send(.applied(outcome))
    }
    if !isStarted { _ = self.inbox.trySend(.applied(.failed(reason: "too many writes are waiting"))) }
  }

  /// The object with the time of a condition that changed now.
  private func dated(_ object: ConfigurationState) -> ConfigurationState {
    var object = object
    let now = Timestamp(microseconds: Time.wallMicroseconds)
    var conditions = object.status?.conditions ?? []
    for index in conditions.indices where conditions[index].lastTransitionTime == nil {
      conditions[index].lastTransitionTime = now
    }
    object.status?.conditions = conditions
    return object
  }
}
