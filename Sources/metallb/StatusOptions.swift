import ArgumentParser
import Balancer
import KubernetesClient
import KubernetesModel
import Runner

/// What the commands of `metallb status` have in common: whom they ask, and how they say what they found.
struct StatusOptions: ParsableArguments {
  @OptionGroup var output: ReportOutput
  @OptionGroup var watching: WatchOptions

  @OptionGroup var port: StatusPortOption
  @OptionGroup var loadBalancerClass: ClassOption
  @OptionGroup var cluster: ClusterOptions

  static let exitCodes = """
    Exits with 0 if all is well, with 1 if something is not, and with 2 if the cluster cannot be asked (64 if the command \
    makes no sense). Warnings of traps do not count.
    """

  /// Reads, shows, and with --watch does so again; the exit code is that of the last look.
  func run(
    of name: ServiceName? = nil, view: (_ status: ClusterStatus, _ isWide: Bool) -> any StatusView
  ) async throws {
    let isWell: Bool
    do {
      isWell = try await self.cluster.withClient { client in
        let key = name?.key(client)
        let reading = ClusterStatusReader(options: self, client: client, service: key)
        return try await self.watching.looking(by: client, at: reading.followed) {
          let status = try await reading.read()
          let view = view(status, self.output.isWide)
          try self.output.say(
            .init(lines: { view.lines(colours: $0, width: $1) }, json: { view.json }, names: { view.names }),
            isOneOfMany: self.watching.isOn)
          return status.isWell
        }
      }
    } catch let error as APIError {
      throw CommandFailure.exit("\(error)", code: 2)
    } catch let error as ConfigurationError {
      throw CommandFailure.exit("\(error)", code: 2)
    } catch let error as CredentialError {
      throw CommandFailure.exit("\(error)", code: 2)
    }
    if !isWell { throw ExitCode.failure }
  }
}
