import ArgumentParser
import Balancer
import KubernetesClient
import KubernetesModel
import Lab

/// `metallb check`: everything that is wrong with a configuration, in files or in the cluster.
struct CheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Says everything that is wrong with a configuration, in files or in the cluster.",
    discussion: """
      Without -f the objects of the cluster are checked. Each problem comes with the object, the field and what to do. \
      Exits with 0 if all is valid, with 1 if something is invalid (with --strict also for a mere warning), and with 64 \
      if a file or the cluster cannot be read.
      """)

  @Option(
    name: [.customShort("f"), .customLong("filename")], parsing: .singleValue,
    help: "A file or directory of YAML or JSON, or - for standard input; may be given several times.")
  var files: [String] = []

  @Flag(help: "Warnings count as well.")
  var strict = false

  @OptionGroup var output: ReportOutput
  @OptionGroup var cluster: ClusterOptions

  func run() async throws {
    let report: CheckReport
    do {
      report = try await self.report()
    } catch {
      throw CommandFailure.exit("\(error)", code: ExitCode.validationFailure.rawValue)
    }
    try self.output.say(
      lines: { report.lines(colours: $0, width: $1) }, json: { report.json(strict: self.strict) })
    if !report.isValid(strict: self.strict) { throw ExitCode.failure }
  }

  private func report() async throws -> CheckReport {
    guard self.files.isEmpty else {
      return CheckReport(
        ManifestReading(
          try ManifestSources.read(self.files), namespace: self.cluster.resolvedNamespace,
          configMap: self.cluster.config, coder: FoundationCoder()))
    }
    return try await self.cluster.withClient { client in
      let reader = ClusterReader(
        client: client, namespace: self.cluster.resolvedNamespace, configMap: self.cluster.config)
      var (objects, legacy) = try await reader.configuration()
      // Who may not read nodes still learns everything else.
      if let nodes = try? await reader.objects(Node.self) {
        objects.nodes = Dictionary(nodes.map { ($0.key.name, $0.metadata.labels ?? [:]) }) { first, _ in first }
      }
      var report = CheckReport(of: objects, legacy: legacy)
      if objects.l2Advertisements?.isEmpty == false,
        let proxy = try? await client.get(ConfigMap.self, ProxyConfiguration.key),
        let problem = ProxyConfiguration.problem(in: proxy, parse: YAMLText.document)
      {
        report.problems.append(problem)
      }
      return report
    }
  }
}
