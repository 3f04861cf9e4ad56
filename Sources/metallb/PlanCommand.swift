import ArgumentParser
import Balancer
import KubernetesClient
import KubernetesModel
import Lab
import Runner

/// `metallb plan`: what another configuration would do to the addresses of Services, before it is applied.
struct PlanCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Says what another configuration would do to the addresses of Services, before it is applied.",
    discussion: """
      The cluster's objects are read, those of the files put in their place, and the controller's own decisions made on \
      both. Nothing is changed. With -o name: the Services that would notice. Exits with 0 if no Service would notice, with 2 if one would, with 1 if the new \
      configuration is invalid, and with 64 if a file or the cluster cannot be read.
      """)

  @Option(
    name: [.customShort("f"), .customLong("filename")], parsing: .singleValue,
    help: "A file or directory of YAML or JSON, or - for standard input; may be given several times.",
    completion: .file(extensions: ["yaml", "yml", "json"]))
  var files: [String] = []

  @Option(
    parsing: .singleValue,
    help: "An object that would be deleted, as kind/name; may be given several times.")
  var delete: [String] = []

  @Flag(help: "The files are the whole configuration: what is not in them would be deleted.")
  var replace = false

  @Option(help: "The class of Services that the controller is for (its --lb-class).")
  var lbClass = ""

  @OptionGroup var output: ReportOutput
  @OptionGroup var cluster: ClusterOptions

  mutating func validate() throws {
    guard !self.files.isEmpty || !self.delete.isEmpty else {
      throw ValidationError("Say what would change: -f FILE, or --delete kind/name.")
    }
    for text in self.delete {
      do throws(ConfigurationRemoval.Failure) { _ = try ConfigurationRemoval(text) } catch {
        throw ValidationError(error.description)
      }
    }
  }

  func run() async throws {
    let (plan, problems): (AllocationPlan, [Problem])
    do {
      (plan, problems) = try await self.plan()
    } catch {
      throw CommandFailure.exit("\(error)", code: ExitCode.validationFailure.rawValue)
    }
    var complete = plan
    complete.problems = problems + plan.problems
    let report = PlanReport(complete)
    try self.output.say(
      .init(
        lines: { report.lines(colours: $0, width: self.output.isWide ? max($1, 200) : $1) }, json: { report.json },
        names: { plan.entries.filter(\.isChange).map(\.service.description) }))
    if complete.problems.contains(where: { $0.severity == .invalid }) { throw ExitCode.failure }
    if plan.isChange { throw ExitCode(2) }
  }

  private struct NothingToDelete: Error, CustomStringConvertible {
    let text: String
    var description: String { "there is no \(self.text) that could be deleted" }
  }

  /// The plan, and what is wrong with the files.
  private func plan() async throws -> (AllocationPlan, [Problem]) {
    let reading = ManifestReading(
      try ManifestSources.read(self.files), namespace: self.cluster.resolvedNamespace, configMap: self.cluster.config,
      coder: FoundationCoder())
    return try await self.cluster.withClient { client in
      let reader = ClusterReader(
        client: client, namespace: self.cluster.resolvedNamespace, configMap: self.cluster.config)
      let (current, _) = try await reader.configuration()
      var proposed = self.replace ? reading.objects : current.overlaid(with: reading.objects)
      for text in self.delete {
        let removal = try ConfigurationRemoval(text)
        guard removal.isPresent(in: current) else { throw NothingToDelete(text: text) }
        proposed = removal.applied(to: proposed)
      }
      let plan = AllocationPlan(
        services: try await reader.objects(Service.self).map(ServiceView.init),
        namespaces: try await reader.objects(Namespace.self), from: current, to: proposed,
        settings: .init(loadBalancerClass: self.lbClass.isEmpty ? nil : self.lbClass, seed: 0), at: Time.now)
      return (plan, reading.problems)
    }
  }
}
