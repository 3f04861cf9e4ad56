import ArgumentParser
import Balancer
import KubernetesClient
import KubernetesModel
import Primitives

/// `metallb explain address ADDRESS`: whose an address is, and who answers for it.
struct ExplainAddressCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "address",
    abstract: "Says whose an address is, which pool holds it, and who announces it.",
    discussion: """
      With -o name: the Services that have it. Exits with 0 if something has it, with 1 if nothing does, and with 64 if \
      the cluster cannot be read.
      """,
    aliases: ["ip"])

  @Argument(help: "An IPv4 or IPv6 address.")
  var address: IPAddress

  @OptionGroup var output: ReportOutput
  @OptionGroup var watching: WatchOptions
  @OptionGroup var cluster: ClusterOptions

  func run() async throws {
    let isUsed: Bool
    do {
      isUsed = try await self.cluster.withClient { client in
        let namespace = self.cluster.resolvedNamespace
        let followed =
          WatchOptions.Followed.configuration(in: namespace) + WatchOptions.Followed.statuses(in: namespace) + [
            .objects(Service.self), .objects(Node.self),
          ]
        return try await self.watching.looking(by: client, at: followed) {
          let explanation = try await self.explanation(by: client)
          try self.output.say(
            .init(
              lines: { explanation.lines(colours: $0, width: $1) }, json: { explanation.json },
              names: { explanation.services.map(\.description) }), isOneOfMany: self.watching.isOn)
          return !explanation.uses.isEmpty
        }
      }
    } catch {
      throw CommandFailure.exit("\(error)", code: ExitCode.validationFailure.rawValue)
    }
    if !isUsed { throw ExitCode.failure }
  }

  private func explanation(by client: KubernetesClient) async throws -> AddressExplanation {
    let reader = ClusterReader(
      client: client, namespace: self.cluster.resolvedNamespace, configMap: self.cluster.config)
    let (configuration, _) = try await reader.configuration()
    return AddressExplanation(
      of: self.address, pools: configuration.pools ?? [], services: try await reader.objects(Service.self),
      // Who may not read nodes still learns everything else.
      nodes: (try? await reader.objects(Node.self)) ?? [],
      layer2: try await reader.objects(ServiceL2Status.self, in: reader.namespace),
      bgp: try await reader.objects(ServiceBGPStatus.self, in: reader.namespace))
  }
}
