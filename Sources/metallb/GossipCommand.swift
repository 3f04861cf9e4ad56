import ArgumentParser
import KubernetesModel
import Logging
import Primitives
import Runner
import ServiceLifecycle
import Speaker
import UnixSignals

/// `metallb gossip`: tells who is in the group of the speakers, by being in it for a while.
struct GossipCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gossip",
    abstract: "Joins the gossip of the speakers for debugging, and says who is in it and what changes.",
    discussion: """
      Meant to be run in a speaker's pod, where the environment says everything: it then joins the pod's own speaker. \
      Elsewhere, give the addresses of members. It owns no address of any Service, and leaves when it ends: after --for \
      seconds or when it is interrupted. It succeeds if anybody else was there.
      """)

  @Argument(
    help: "Members to join, as ADDRESS or ADDRESS:PORT; by default METALLB_ML_BIND_ADDR and METALLB_ML_BIND_PORT.")
  var members: [GossipProbe.Place] = []

  @Option(help: "The address to gossip on, which the others must reach; by default METALLB_ML_BIND_ADDR.")
  var bind: IPAddress?

  @Option(help: "The port to gossip on; 0 = any that is free.")
  var port: UInt16 = 0

  @Option(help: "The name to go by; it must not be that of a node. By default one of chance.")
  var name: String?

  @Option(help: "The directory with the file secretkey; by default METALLB_ML_SECRET_KEY_PATH; empty = no encryption.")
  var secretKeyPath: String?

  @Option(help: "The pace: lan or wan, as of the others.")
  var profile = Profile.lan

  @Option(help: "A file of memberlist's settings that replaces the pace, as /etc/metallb/memberlist/config.json.")
  var settings: String?

  @Option(
    help: """
      The lowest, the highest and the spoken version of the application on top, for groups that are not MetalLB's \
      (2,5,5 for serf).
      """)
  var delegateVersions = "0,0,0"

  @Option(name: .customLong("for"), help: "Seconds until it ends; by default when it is interrupted.")
  var seconds: Double?

  @Option(name: .shortAndLong, help: "text, or json: an object with time and message a line.")
  var output = Output.text

  enum Profile: String, ExpressibleByArgument, CaseIterable { case lan, wan }
  enum Output: String, ExpressibleByArgument, CaseIterable { case text, json }

  private var versions: [UInt8] { self.delegateVersions.split(separator: ",").compactMap { UInt8($0) } }

  mutating func validate() throws {
    guard self.versions.count == 3, self.versions[0] <= self.versions[2], self.versions[2] <= self.versions[1] else {
      throw ValidationError(
        "--delegate-versions \(self.delegateVersions): it is three numbers up to 255, as 2,5,5: lowest, highest, spoken."
      )
    }
    if let seconds, !(0...1_000_000).contains(seconds) { throw ValidationError("--for \(seconds): it is 0 or more.") }
    if let name, name.isEmpty || name.utf8.count > 255 {
      throw ValidationError("--name: it has 1 to 255 characters.")
    }
  }

  func run() async throws {
    LineLogHandler.bootstrap(level: .warn)
    let logger = Logger(label: "gossip")
    var quiet = logger
    quiet.logLevel = .error
    let probe = try GossipProbe(self.options(ProcessOptions.environment), logger: logger) { [output] line in
      FileDescriptors.say(output.form(of: line) + "\n")
    }
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: [.init(service: probe, successTerminationBehavior: .gracefullyShutdownGroup)],
        gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet))
    try await group.run()
    guard probe.hadCompany else { throw ExitCode.failure }
  }

  private func options(_ environment: [String: String]) throws -> GossipProbe.Options {
    let own = environment["METALLB_ML_BIND_ADDR"].flatMap { IPAddress($0) }
    let port = environment["METALLB_ML_BIND_PORT"].flatMap { UInt16($0) } ?? GossipOptions.standardPort
    guard let address = self.bind ?? own else {
      throw ValidationError("The address to gossip on is not known: pass --bind or set METALLB_ML_BIND_ADDR.")
    }
    let places = self.members.isEmpty ? own.map { [GossipProbe.Place($0, port)] } ?? [] : self.members
    guard !places.isEmpty else {
      throw ValidationError("Whom to join is not known: name members, or set METALLB_ML_BIND_ADDR.")
    }
    let chance = String(UInt32.random(in: 0...UInt32.max), radix: 16)
    var options = GossipProbe.Options(name: self.name ?? "gossip-\(chance)", address: address, places: places)
    options.port = self.port
    let directory = self.secretKeyPath ?? environment["METALLB_ML_SECRET_KEY_PATH"] ?? ""
    options.secretDirectory = directory.isEmpty ? nil : directory
    options.isWide = self.profile == .wan
    options.settingsFile = self.settings
    options.applicationVersions = self.versions
    options.limit = self.seconds.map { .seconds($0) }
    return options
  }
}

extension GossipCommand.Output {
  /// A line of the probe's, which begins with the time.
  fileprivate func form(of line: String) -> String {
    guard case .json = self, let space = line.firstIndex(of: " ") else { return line }
    let value: JSONValue = [
      "time": .string(String(line[..<space])), "message": .string(String(line[line.index(after: space)...])),
    ]
    return String(decoding: value.jsonText, as: UTF8.self)
  }
}

extension GossipProbe.Place: ExpressibleByArgument {
  /// Takes an address with or without a port.
  public init?(argument: String) {
    self.init(argument)
  }
}
