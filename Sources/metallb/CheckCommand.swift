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
      Without -f the objects of the cluster are checked, and the cluster itself is looked through for what keeps them from \
      working: kube-proxy in IPVS mode, addresses that nodes, pods or cluster IPs have already, pools that nothing \
      announces, Calico, Cilium or k3s doing the same work. Each problem comes with the object, the field and what to do. \
      Exits with 0 if all is valid, with 1 if something is invalid (with --strict also for a mere warning), and with 64 \
      if a file or the cluster cannot be read.
      """)

  @Option(
    name: [.customShort("f"), .customLong("filename")], parsing: .singleValue,
    help: "A file or directory of YAML or JSON, or - for standard input; may be given several times.",
    completion: .file(extensions: ["yaml", "yml", "json"]))
  var files: [String] = []

  @Flag(help: "Warnings count as well.")
  var strict = false

  @OptionGroup var loadBalancerClass: ClassOption
  @OptionGroup var output: ReportOutput
  @OptionGroup var watching: WatchOptions
  @OptionGroup var cluster: ClusterOptions

  mutating func validate() throws {
    if self.watching.isOn, !self.files.isEmpty {
      throw ValidationError("--watch looks at the cluster: it does not go with -f.")
    }
  }

  func run() async throws {
    let isValid: Bool
    do {
      if self.files.isEmpty {
        let namespace = self.cluster.resolvedNamespace
        isValid = try await self.cluster.withClient { client in
          let followed = WatchOptions.Followed.configuration(in: namespace) + [.objects(Node.self)]
          return try await self.watching.looking(by: client, at: followed) {
            try self.say(try await self.report(by: client))
          }
        }
      } else {
        isValid = try self.say(
          CheckReport(
            ManifestReading(
              try ManifestSources.read(self.files), namespace: self.cluster.resolvedNamespace,
              configMap: self.cluster.config, coder: FoundationCoder())))
      }
    } catch {
      throw CommandFailure.exit("\(error)", code: ExitCode.validationFailure.rawValue)
    }
    if !isValid { throw ExitCode.failure }
  }

  /// Returns whether nothing is wrong.
  private func say(_ report: CheckReport) throws -> Bool {
    try self.output.say(
      .init(
        lines: { report.lines(colours: $0, width: self.output.isWide ? max($1, 200) : $1) },
        json: { report.json(strict: self.strict) }, names: { report.names }), isOneOfMany: self.watching.isOn)
    return report.isValid(strict: self.strict)
  }

  private func report(by client: KubernetesClient) async throws -> CheckReport {
    let reader = ClusterReader(
      client: client, namespace: self.cluster.resolvedNamespace, configMap: self.cluster.config)
    var (objects, legacy) = try await reader.configuration()
    // Who may not read nodes and Services still learns everything else.
    let nodes = try? await reader.objects(Node.self)
    objects.nodes = nodes.map { nodes in
      Dictionary(nodes.map { ($0.key.name, $0.metadata.labels ?? [:]) }) { first, _ in first }
    }
    var report = CheckReport(of: objects, legacy: legacy)
    report.problems += await SurroundingsReader(
      reader: reader, loadBalancerClass: self.loadBalancerClass.given
    ).traps(configuration: objects, services: (try? await reader.objects(Service.self)) ?? [], nodes: nodes)
    return report
  }
}
