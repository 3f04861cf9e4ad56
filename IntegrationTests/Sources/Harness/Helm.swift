/// Scripts/helm: Helm's own library, pointed at one cluster.
package struct Helm: Sendable {
  package static let chart = Tool.repository.appendingPathComponent("Deploy/chart").path

  private let kubeconfig: String?

  /// Without a cluster it can still render and judge.
  package init(kubeconfig: String? = nil) {
    self.kubeconfig = kubeconfig
  }

  package func run(_ arguments: String..., within limit: Duration = .seconds(120)) async throws -> Output {
    try await Harness.run(
      [try Tool.script("helm")] + arguments, environment: self.kubeconfig.map { ["KUBECONFIG": $0] } ?? [:],
      within: limit)
  }

  @discardableResult
  package func callAsFunction(_ arguments: String..., within limit: Duration = .seconds(120)) async throws -> String {
    try await Harness.run(
      [try Tool.script("helm")] + arguments, environment: self.kubeconfig.map { ["KUBECONFIG": $0] } ?? [:],
      within: limit
    ).expectSuccess()
  }
}
