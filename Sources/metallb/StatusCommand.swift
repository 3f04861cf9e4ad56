import ArgumentParser
import Balancer
import KubernetesModel

/// `metallb status`: how MetalLB is in a cluster, as its processes see it themselves.
struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Says how MetalLB is: pools, Services and who announces them, routers, problems.",
    discussion: """
      Asks every speaker and controller through the API server's proxy of pods, with your own kubeconfig; that takes the \
      verb get on pods/proxy in MetalLB's namespace. Where one cannot be asked, its status objects speak for it.
      """ + " " + StatusOptions.exitCodes,
    subcommands: [StatusOverviewCommand.self, StatusBGPCommand.self, StatusLayer2Command.self],
    defaultSubcommand: StatusOverviewCommand.self)
}

/// `metallb status all`, which need not be said: everything at a glance.
struct StatusOverviewCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "all", abstract: "Pools, Services, speakers and problems (what is shown by default).",
    discussion: StatusOptions.exitCodes)

  @OptionGroup var options: StatusOptions

  func run() async throws {
    try await self.options.run { status, isWide in
      { StatusOverview(status, isWide: isWide).lines(colours: $0, width: $1) }
    }
  }
}

/// `metallb status bgp`: the sessions with routers.
struct StatusBGPCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bgp", abstract: "The sessions of every node with its routers, and what goes over them.",
    discussion: StatusOptions.exitCodes)

  @OptionGroup var options: StatusOptions

  func run() async throws {
    try await self.options.run { status, isWide in
      { BGPReport(status, isWide: isWide).lines(colours: $0, width: $1) }
    }
  }
}

/// `metallb status l2 [NAMESPACE/NAME]`: announcements on the local network.
struct StatusLayer2Command: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "l2",
    abstract: "Who announces what on the local network, who comes next, and how the speakers see each other.",
    discussion: StatusOptions.exitCodes, aliases: ["layer2"])

  @Argument(help: "One Service alone, as NAMESPACE/NAME or a name in the namespace default.")
  var service: String?

  @OptionGroup var options: StatusOptions

  func run() async throws {
    let key = try self.service.map(ServiceArgument.key)
    try await self.options.run(of: key) { status, isWide in
      { Layer2Report(status, isWide: isWide, isOfOne: key != nil).lines(colours: $0, width: $1) }
    }
  }
}

/// The name of a Service on the command line.
enum ServiceArgument {
  /// Reads NAMESPACE/NAME, or a name in the namespace default.
  static func key(_ text: String) throws -> ObjectKey {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count <= 2, !parts.contains("") else { throw ValidationError("\"\(text)\" is not NAMESPACE/NAME") }
    return ObjectKey(namespace: parts.count == 2 ? parts[0] : "default", name: parts[parts.count - 1])
  }
}
