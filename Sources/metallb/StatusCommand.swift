import ArgumentParser
import Balancer

/// `metallb status`: how MetalLB is in a cluster, as its processes see it themselves.
struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Says how MetalLB is: pools, Services and who announces them, routers, problems.",
    discussion: """
      Asks every speaker and controller through the API server's proxy of pods, with your own kubeconfig; that takes the \
      verb get on pods/proxy in MetalLB's namespace. Where one cannot be asked, its status objects speak for it.
      """ + " " + StatusOptions.exitCodes,
    subcommands: [
      StatusOverviewCommand.self, StatusPoolsCommand.self, StatusServicesCommand.self, StatusNodesCommand.self,
      StatusLayer2Command.self, StatusBGPCommand.self, StatusProblemsCommand.self,
    ],
    defaultSubcommand: StatusOverviewCommand.self)
}

/// `metallb status all`, which need not be said: everything at a glance.
struct StatusOverviewCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "all", abstract: "Pools, Services, speakers and problems (what is shown by default).",
    discussion: StatusOptions.exitCodes)

  @OptionGroup var options: StatusOptions

  func run() async throws {
    try await self.options.run { StatusOverview($0, isWide: $1) }
  }
}

/// How much of a long list is shown.
struct StatusLimitOption: ParsableArguments {
  @Option(help: "So many rows are shown; 0 = all, as with -o wide. For machines it is always all.")
  var limit = 500

  mutating func validate() throws {
    if self.limit < 0 { throw ValidationError("--limit \(self.limit): it is 0 or more.") }
  }

  func extract(_ status: ClusterStatus, isWide: Bool) -> StatusExtract {
    StatusExtract(
      status, isWide: isWide, limit: StatusLimit(isWide ? 0 : self.limit, hint: "--limit 0 shows them"))
  }
}

/// `metallb status pools`: how full each pool is.
struct StatusPoolsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pools", abstract: "How full each pool is, which Services it is for, and what announces it.",
    discussion: StatusOptions.exitCodes, aliases: ["pool"])

  @OptionGroup var limit: StatusLimitOption
  @OptionGroup var options: StatusOptions

  func run() async throws {
    try await self.options.run { StatusPools(self.limit.extract($0, isWide: $1)) }
  }
}

/// `metallb status services`: every Service of type LoadBalancer.
struct StatusServicesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "services", abstract: "Every Service of type LoadBalancer, its addresses, and who announces it.",
    discussion: "Those that want something come first where not all are shown. " + StatusOptions.exitCodes,
    aliases: ["service", "svc"])

  @Flag(help: "Only those without an address, or that nobody announces.")
  var troubled = false

  @OptionGroup var limit: StatusLimitOption
  @OptionGroup var options: StatusOptions

  func run() async throws {
    try await self.options.run {
      StatusServices(self.limit.extract($0, isWide: $1), isOfTroubled: self.troubled)
    }
  }
}

/// `metallb status nodes`: what each node announces.
struct StatusNodesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "nodes", abstract: "What each node announces, why one may not, and which controller leads.",
    discussion: StatusOptions.exitCodes, aliases: ["node", "speakers"])

  @OptionGroup var limit: StatusLimitOption
  @OptionGroup var options: StatusOptions

  func run() async throws {
    try await self.options.run { StatusNodes(self.limit.extract($0, isWide: $1)) }
  }
}

/// `metallb status problems`: what should not be so.
struct StatusProblemsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "problems", abstract: "Everything that should not be so and what to do, and traps of the cluster.",
    discussion: StatusOptions.exitCodes, aliases: ["problem"])

  @OptionGroup var options: StatusOptions

  func run() async throws {
    try await self.options.run { status, _ in StatusProblems(status) }
  }
}

/// `metallb status bgp`: the sessions with routers.
struct StatusBGPCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bgp", abstract: "The sessions of every node with its routers, and what goes over them.",
    discussion: StatusOptions.exitCodes)

  @OptionGroup var limit: StatusLimitOption
  @OptionGroup var options: StatusOptions

  func run() async throws {
    try await self.options.run { BGPReport(self.limit.extract($0, isWide: $1)) }
  }
}

/// `metallb status l2 [NAMESPACE/NAME]`: announcements on the local network.
struct StatusLayer2Command: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "l2",
    abstract: "Who announces what on the local network, who comes next, and how the speakers see each other.",
    discussion: StatusOptions.exitCodes, aliases: ["layer2"])

  @Argument(
    help: "One Service alone, as NAMESPACE/NAME, or a name in the namespace of the kubeconfig's context.",
    completion: .custom { words, _, _ in await NameCompletion.services(words) })
  var service: ServiceName?

  @OptionGroup var limit: StatusLimitOption
  @OptionGroup var options: StatusOptions

  func run() async throws {
    try await self.options.run(of: self.service) {
      Layer2Report(self.limit.extract($0, isWide: $1), isOfOne: self.service != nil)
    }
  }
}
