import Balancer
import KubernetesClient
import KubernetesModel
import Logging
import Reporting
import Runner
import Synchronization

/// The configuration on its way to the controller: objects, and for kinds that have none, what the ConfigMap of MetalLB
/// 0.8 to 0.12 stands for.
///
///     Watcher<ConfigMap> ────────┐
///     Watcher<IPAddressPool> ────┼──▶ LegacyConfiguration ──▶ Inbox of the controller
///     Watcher<…Advertisement> ───┘
struct ConfigurationFeed: Sendable {
  let client: KubernetesClient
  let namespace: String
  /// Nil = no ConfigMap is looked for.
  let configMap: String?
  let reporter: Reporter
  let leadership: Leadership
  let tally: UpdateTally
  let logger: Logger
  private let waiting = WaitingNotes()

  init(
    client: KubernetesClient, namespace: String, configMap: String?, reporter: Reporter, leadership: Leadership,
    tally: UpdateTally, logger: Logger
  ) {
    self.client = client
    self.namespace = namespace
    self.configMap = configMap
    self.reporter = reporter
    self.leadership = leadership
    self.tally = tally
    self.logger = logger
  }

  /// Tells the user what was to be told before this controller led.
  func tellWhatWaits() {
    for note in self.waiting.take() { self.reporter.tell(note) }
  }

  /// Runs until the task is cancelled.
  func run(into inbox: Inbox<ControllerState.Event>) async {
    var funnel = ConfigurationFunnel(
      self.client, namespace: self.namespace, configMap: self.configMap, tally: self.tally, logger: self.logger)
    funnel.follow(IPAddressPool.self) { .pools($0) }
    funnel.follow(L2Advertisement.self) { .l2Advertisements($0) }
    funnel.follow(BGPAdvertisement.self) { .bgpAdvertisements($0) }
    await funnel.run { action in
      switch action {
      case .change(let change): if let event = ControllerState.Event(change) { await inbox.send(event) }
      case .report(let problems): self.reporter.tell(problems, in: .configMap)
      case .emit(let note):
        if self.leadership.mayAct() { self.reporter.tell(note) } else { self.waiting.put(note) }
      }
    }
  }
}

/// Events that only the controller that leads may write, until it does.
private final class WaitingNotes: Sendable {
  /// A ConfigMap has few problems; of more than these, the oldest are forgotten.
  private static let limit = 64

  private let notes = Mutex<[EventNote]>([])

  func put(_ note: EventNote) {
    self.notes.withLock { $0 = $0.suffix(Self.limit - 1) + [note] }
  }

  func take() -> [EventNote] {
    self.notes.withLock { notes in
      defer { notes = [] }
      return notes
    }
  }
}

extension ControllerState.Event {
  /// Nil for kinds that the controller does not decide by.
  fileprivate init?(_ change: ConfigurationChange) {
    switch change {
    case .pools(let change): self = .pools(change)
    case .l2Advertisements(let change): self = .l2Advertisements(change)
    case .bgpAdvertisements(let change): self = .bgpAdvertisements(change)
    case .bgpPeers, .bfdProfiles, .communities: return nil
    }
  }
}
