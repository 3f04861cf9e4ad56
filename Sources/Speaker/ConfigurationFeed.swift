import Balancer
import KubernetesClient
import KubernetesModel
import Logging
import Reporting
import Runner

/// The configuration on its way to the speaker: objects, and for kinds that have none, what the ConfigMap of MetalLB
/// 0.8 to 0.12 stands for.
///
///     Watcher<ConfigMap> ────────┐
///     Watcher<IPAddressPool> ────┼──▶ LegacyConfiguration ──▶ Inbox of the speaker
///     Watcher<…> ────────────────┘
struct ConfigurationFeed: Sendable {
  let client: KubernetesClient
  let namespace: String
  /// Nil = no ConfigMap is looked for.
  let configMap: String?
  let reporter: Reporter
  let tally: UpdateTally
  let logger: Logger

  /// Runs until the task is cancelled.
  func run(into inbox: Inbox<SpeakerState.Event>) async {
    var funnel = ConfigurationFunnel(
      self.client, namespace: self.namespace, configMap: self.configMap, tally: self.tally, logger: self.logger)
    funnel.follow(IPAddressPool.self) { .pools($0) }
    funnel.follow(L2Advertisement.self) { .l2Advertisements($0) }
    funnel.follow(BGPPeer.self) { .bgpPeers($0) }
    funnel.follow(BGPAdvertisement.self) { .bgpAdvertisements($0) }
    funnel.follow(BFDProfile.self) { .bfdProfiles($0) }
    funnel.follow(CommunityAliases.self) { .communities($0) }
    await funnel.run { action in
      switch action {
      case .change(let change): await inbox.send(SpeakerState.Event(change))
      case .report(let problems): self.reporter.tell(problems, in: .configMap)
      case .emit: break  // the controller tells the user, once and not once a node
      }
    }
  }
}

extension SpeakerState.Event {
  fileprivate init(_ change: ConfigurationChange) {
    switch change {
    case .pools(let change): self = .pools(change)
    case .l2Advertisements(let change): self = .l2Advertisements(change)
    case .bgpPeers(let change): self = .bgpPeers(change)
    case .bgpAdvertisements(let change): self = .bgpAdvertisements(change)
    case .bfdProfiles(let change): self = .bfdProfiles(change)
    case .communities(let change): self = .communities(change)
    }
  }
}
