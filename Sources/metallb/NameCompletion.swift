import Balancer
import KubernetesClient
import KubernetesModel
import Runner

/// Names of the cluster for the completion of a command line: whatever cannot be read soon is not offered.
enum NameCompletion {
  /// A shell that waits is worse than one that offers nothing.
  private static let limit = Duration.seconds(2)
  /// More than anybody reads.
  private static let count = 1000

  /// Services of type LoadBalancer, as NAMESPACE/NAME.
  static func services(_ words: [String]) async -> [String] {
    await self.objects(Service.self, words) { $0.spec?.type == "LoadBalancer" ? $0.key.description : nil }
  }

  static func nodes(_ words: [String]) async -> [String] {
    await self.objects(Node.self, words) { $0.key.name }
  }

  /// The contexts of the kubeconfig.
  static func contexts(_ words: [String]) -> [String] {
    (try? ClusterConfiguration.contexts(
      kubeconfig: self.value(of: "--kubeconfig", in: words), environment: ProcessOptions.environment)) ?? []
  }

  private static func objects<R: KubernetesResource>(
    _ type: R.Type, _ words: [String], name: @escaping @Sendable (R) -> String?
  ) async -> [String] {
    var options: [String] = []
    for flag in ["--kubeconfig", "--context", "--cluster", "--user", "--as"] {
      if let value = self.value(of: flag, in: words) { options += [flag, value] }
    }
    guard let cluster = try? ClusterOptions.parse(options) else { return [] }
    let names = try? await withTimeout(self.limit) {
      try await cluster.withClient { client in
        var names: [String] = []
        var token: String?
        repeat {
          let page = try await client.page(R.self, continuing: token)
          for case .object(let object) in page.items { if let name = name(object) { names.append(name) } }
          token = page.metadata.continue.flatMap { $0.isEmpty ? nil : $0 }
        } while token != nil && names.count < self.count
        return names.sorted()
      }
    }
    return names ?? []
  }

  /// What stands behind a flag, as `--flag value` or `--flag=value`.
  private static func value(of flag: String, in words: [String]) -> String? {
    for (index, word) in words.enumerated() {
      if word == flag, index + 1 < words.count { return words[index + 1] }
      if word.hasPrefix(flag + "=") { return String(word.dropFirst(flag.count + 1)) }
    }
    return nil
  }
}
