import ArgumentParser
import Dashboard
import Glibc
import KubernetesClient
import Lab
import Logging
import Runner

/// `metallb dashboard`: a page that shows how MetalLB is in a cluster, while it changes.
struct DashboardCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dashboard",
    abstract:
      "Serves a page on this machine that shows pools, Services and their road, nodes, routers and problems, live.",
    discussion: """
      Prints a URL to open in a browser on this machine, and serves until interrupted. The page is served on the loopback \
      interface alone, and shows data only to who has the URL with its token, which is new at every start. What it shows is \
      read with your own kubeconfig: list and watch on services, nodes, events, endpointslices, and pods and metallb.io \
      objects in MetalLB's namespace, and get on pods/proxy there; what you may not read is missing, and the page says so. \
      Now and then it looks for the same traps of the cluster as metallb check, with what you may read of it. \
      It changes nothing. Exits with 0 when interrupted, and with 2 if there is no cluster to ask or the port is taken.
      """)

  @Option(help: "The port to serve on; 0 = any free one.")
  var port = 0

  @OptionGroup var statusPort: StatusPortOption
  @OptionGroup var loadBalancerClass: ClassOption
  @OptionGroup var cluster: ClusterOptions

  mutating func validate() throws {
    guard (0...65535).contains(self.port) else {
      throw ValidationError("--port \(self.port) is not a port: it lies between 0 and 65535.")
    }
  }

  func run() async throws {
    do {
      try await self.cluster.withClient { client in
        let feed = DashboardFeed(
          client: client, namespace: self.cluster.resolvedNamespace, configMap: self.cluster.config,
          statusPort: self.statusPort.statusPort, loadBalancerClass: self.loadBalancerClass.given, logger: Self.quiet)
        let server = DashboardServer(feed: feed, port: self.port, token: Self.newToken(), logger: Self.quiet)
        _ = try await LabLauncher.untilSignalled {
          try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await feed.run() }
            group.addTask {
              try await server.run { url in
                FileDescriptors.say(
                  "The dashboard of \(client.configuration.server) is at\n  \(url)\nControl-C ends it.\n")
              }
            }
            try await group.next()
            group.cancelAll()
          }
        }
      }
    } catch let error as ConfigurationError {
      throw CommandFailure.exit("\(error)", code: 2)
    } catch let error as CredentialError {
      throw CommandFailure.exit("\(error)", code: 2)
    } catch let error as DashboardServer.Failure {
      throw CommandFailure.exit("\(error)", code: 2)
    }
  }

  /// What goes wrong is said on the page.
  private static var quiet: Logger {
    var logger = Logger(label: "dashboard")
    logger.logLevel = .critical
    return logger
  }

  /// 128 bits that nobody can guess.
  private static func newToken() -> String {
    var dice = SystemRandomNumberGenerator()
    return (0..<2).map { _ in
      let digits = String(UInt64.random(in: .min ... .max, using: &dice), radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
  }
}
