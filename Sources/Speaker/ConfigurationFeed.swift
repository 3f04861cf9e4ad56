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
    var funnel = WatchFunnel<LegacyConfiguration>(self.client, logger: self.logger)
    if let configMap = self.configMap {
      funnel.follow(ConfigMap.self, namespace: self.namespace, fieldSelector: "metadata.name=\(configMap)") { change in
        .configMap(change.map { LegacyConfigMap($0, parse: YAMLText.document) })
      }
    }
    func follow<R: KubernetesResource>(
      _ type: R.Type, _ change: @escaping @Sendable (ObjectChange<R>) -> ConfigurationChange
    ) {
      funnel.follow(type, namespace: self.namespace) { object in
        self.tally.count(object)
        self.complain(about: object, of: type)
        return .object(change(object))
      }
    }
    follow(IPAddressPool.self) { .pools($0) }
    follow(L2Advertisement.self) { .l2Advertisements($0) }
    follow(BGPPeer.self) { .bgpPeers($0) }
    follow(BGPAdvertisement.self) { .bgpAdvertisements($0) }
    follow(BFDProfile.self) { .bfdProfiles($0) }
    follow(CommunityAliases.self) { .communities($0) }
    let configMap = self.configMap.map { ObjectKey(namespace: self.namespace, name: $0) }
    await funnel.run(LegacyConfiguration(settings: .init(configMap: configMap))) { action in
      switch action {
      case .change(let change): await inbox.send(SpeakerState.Event(change))
      case .report(let problems): self.reporter.tell(problems, in: .configMap)
      case .emit: break  // the controller tells the user, once and not once a node
      }
    }
  }

  private func complain<R: KubernetesResource>(about change: ObjectChange<R>, of type: R.Type) {
    guard case .malformed(let key, let reason) = change else { return }
    self.logger.error(
      "an object does not have the shape of its kind; its last good form stays in force",
      metadata: ["kind": .string(type.type.kind), "object": "\(key)", "reason": .string(reason)])
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
