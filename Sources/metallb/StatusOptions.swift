import ArgumentParser
import Balancer
import Glibc
import KubernetesClient
import KubernetesModel
import Runner

/// What the commands of `metallb status` have in common: whom they ask, and how they say what they found.
struct StatusOptions: ParsableArguments {
  enum Format: String, CaseIterable, ExpressibleByArgument {
    case text, wide, json, yaml
  }

  @Option(name: .shortAndLong, help: "text, wide, json or yaml.")
  var output: Format = .text

  @Flag(name: .shortAndLong, help: "Ask and show again, until interrupted.")
  var watch = false

  @Option(help: "Seconds between two looks with --watch.")
  var interval = 2

  @Option(help: "The port of /status in the pods (their --health-probe-port).")
  var statusPort = 17472

  @Option(help: "The class of Services that MetalLB is for (its --lb-class).")
  var lbClass = ""

  @OptionGroup var cluster: ClusterOptions

  mutating func validate() throws {
    guard (1...65535).contains(self.statusPort) else {
      throw ValidationError("--status-port \(self.statusPort) is not a port: it lies between 1 and 65535.")
    }
    guard (1...3600).contains(self.interval) else {
      throw ValidationError("--interval \(self.interval) must lie between 1 and 3600 seconds.")
    }
  }

  static let exitCodes =
    "Exits with 0 if all is well, with 1 if something is not, and with 2 if the cluster cannot be asked."

  /// Reads, shows, and with --watch does so again; the exit code is that of the last look.
  func run(
    of service: ObjectKey? = nil, lines: (ClusterStatus, _ isWide: Bool) -> (_ colours: Bool, _ width: Int) -> [String]
  ) async throws {
    let isWell: Bool
    do {
      isWell = try await self.cluster.withClient { client in
        while true {
          let status = try await self.read(client, service)
          try self.show(status, lines: lines(status, self.output == .wide))
          guard self.watch else { return status.isWell }
          try await ContinuousClock().sleep(for: .seconds(self.interval))
        }
      }
    } catch let error as APIError {
      throw CommandFailure.exit("\(error)", code: 2)
    } catch let error as ConfigurationError {
      throw CommandFailure.exit("\(error)", code: 2)
    }
    if !isWell { throw ExitCode.failure }
  }

  private func read(_ client: KubernetesClient, _ service: ObjectKey?) async throws(APIError) -> ClusterStatus {
    let namespace = self.cluster.resolvedNamespace
    let asker = StatusReader(client: client, namespace: namespace, port: self.statusPort, service: service)
    let pods = try await asker.pods()
    async let controllers = asker.ask(pods.controllers, as: ControllerStatus.self)
    async let speakers = asker.ask(pods.speakers, as: SpeakerStatus.self)
    let reader = ClusterReader(client: client, namespace: namespace, configMap: self.cluster.config)
    var notes: [String] = []
    // Who may not read some of it still learns the rest.
    let pools = await Self.objects(IPAddressPool.self, reader, in: namespace, &notes)
    var services = await Self.objects(Service.self, reader, in: nil, &notes)
    if let service { services.removeAll { $0.key != service } }
    let layer2 = await Self.objects(ServiceL2Status.self, reader, in: namespace, &notes)
    let bgp = await Self.objects(ServiceBGPStatus.self, reader, in: namespace, &notes)
    return ClusterStatus(
      controllers: await controllers, speakers: await speakers, pools: pools, services: services, layer2: layer2,
      bgp: bgp, loadBalancerClass: self.lbClass.isEmpty ? nil : self.lbClass, notes: notes)
  }

  private static func objects<R: KubernetesResource>(
    _ type: R.Type, _ reader: ClusterReader, in namespace: String?, _ notes: inout [String]
  ) async -> [R] {
    do throws(APIError) {
      return try await reader.objects(type, in: namespace)
    } catch {
      notes.append("the objects of kind \(R.type.kind) cannot be read: \(error)")
      return []
    }
  }

  private func show(_ status: ClusterStatus, lines: (_ colours: Bool, _ width: Int) -> [String]) throws {
    switch self.output {
    case .json: FileDescriptors.say(String(decoding: status.json.jsonText, as: UTF8.self) + "\n")
    case .yaml: FileDescriptors.say((self.watch ? "---\n" : "") + (try status.json.yamlText()))
    case .text, .wide:
      let text = lines(Terminal.hasColours, Terminal.width).map { $0 + "\n" }.joined()
      // A terminal is drawn anew; whatever else reads gets one report after the other.
      let isRedrawn = self.watch && isatty(1) == 1
      FileDescriptors.say((isRedrawn ? "\u{1B}[H\u{1B}[2J" : "") + text + (self.watch && !isRedrawn ? "\n" : ""))
    }
  }
}
