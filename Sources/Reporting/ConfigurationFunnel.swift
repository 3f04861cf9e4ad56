import Balancer
import KubernetesClient
import KubernetesModel
import Logging

/// The configuration on its way to a process: objects, and for kinds that have none, what the ConfigMap of MetalLB 0.8 to
/// 0.12 stands for.
///
/// What is wrong with an object is not said here: whoever decides reports it as a problem of the configuration.
package struct ConfigurationFunnel: Sendable {
  private let namespace: String
  /// Nil = no ConfigMap is looked for.
  private let configMap: ObjectKey?
  private let tally: UpdateTally
  private var funnel: WatchFunnel<LegacyConfiguration>

  package init(_ client: KubernetesClient, namespace: String, configMap: String?, tally: UpdateTally, logger: Logger) {
    self.namespace = namespace
    self.configMap = configMap.map { ObjectKey(namespace: namespace, name: $0) }
    self.tally = tally
    self.funnel = WatchFunnel(client, logger: logger)
    guard let configMap else { return }
    self.funnel.follow(ConfigMap.self, namespace: namespace, fieldSelector: "metadata.name=\(configMap)") { change in
      .configMap(change.map { LegacyConfigMap($0, parse: YAMLText.document) })
    }
  }

  /// Adds the objects of a kind.
  package mutating func follow<R: KubernetesResource>(
    _ type: R.Type, _ change: @escaping @Sendable (ObjectChange<R>) -> ConfigurationChange
  ) {
    let tally = self.tally
    self.funnel.follow(type, namespace: self.namespace) { object in
      tally.count(object)
      return .object(change(object))
    }
  }

  /// Runs until the task is cancelled.
  package func run(perform: (LegacyConfiguration.Action) async -> Void) async {
    await self.funnel.run(LegacyConfiguration(settings: .init(configMap: self.configMap)), perform: perform)
  }
}
