import ArgumentParser
import Logging
import Primitives
import Runner
import ServiceLifecycle
import Speaker
import UnixSignals

/// `metallb bfd`: tries a BFD session with a router, before a BFDProfile makes BGP depend on it.
struct BFDCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bfd",
    abstract: "Tries a BFD session with a router and says when it goes up and down.",
    discussion: """
      The options are the fields of a BFDProfile, with the same defaults. It ends after --for seconds or when it is \
      interrupted, and succeeds if the session was up then. It cannot run beside a speaker with BFD on the same node, as \
      both need the same port.
      """)

  @Argument(help: "The address of the router.")
  var peer: IPAddress

  @Option(help: "The address to send from; by default as the route says.")
  var local: IPAddress?

  @Option(help: "The interface that the router is behind; needed for a link-local address.")
  var interface: String?

  @Option(help: "The VRF that the router is in.")
  var vrf: String?

  @Flag(name: .customLong("multihop"), help: "There are routers in between.")
  var isMultihop = false

  @Option(help: "The shortest time between packets that are received, in milliseconds: 10 to 60000.")
  var receiveInterval = 300

  @Option(help: "The shortest time between packets that are sent, in milliseconds: 10 to 60000.")
  var transmitInterval = 300

  @Option(help: "How many packets may be missed: 2 to 255.")
  var detectMultiplier = 3

  @Flag(help: "Send Echo packets, which the router loops back.")
  var echoMode = false

  @Option(help: "The shortest time between Echo packets, in milliseconds: 10 to 60000.")
  var echoInterval = 50

  @Flag(help: "Wait until the router begins.")
  var passiveMode = false

  @Option(help: "What multihop packets must have left of their TTL: 1 to 254.")
  var minimumTTL = 254

  @Option(name: .customLong("for"), help: "Seconds until it ends; by default when it is interrupted.")
  var seconds: Double?

  mutating func validate() throws {
    func check(_ value: Int, _ range: ClosedRange<Int>, _ option: String) throws {
      guard range.contains(value) else {
        throw ValidationError("\(option) \(value): it is \(range.lowerBound) to \(range.upperBound).")
      }
    }
    try check(self.receiveInterval, 10...60_000, "--receive-interval")
    try check(self.transmitInterval, 10...60_000, "--transmit-interval")
    try check(self.echoInterval, 10...60_000, "--echo-interval")
    try check(self.detectMultiplier, 2...255, "--detect-multiplier")
    try check(self.minimumTTL, 1...254, "--minimum-ttl")
    if let seconds, !(0...1_000_000).contains(seconds) { throw ValidationError("--for \(seconds): it is 0 or more.") }
    if let local, local.family != self.peer.family {
      throw ValidationError("--local \(local) and the router \(self.peer) are not of one family.")
    }
    if case .v6(let address) = self.peer, address.isLinkLocal, self.interface == nil {
      throw ValidationError("\(self.peer) is link-local: say behind which interface with --interface.")
    }
  }

  func run() async throws {
    LineLogHandler.bootstrap(level: .warn)
    var options = BFDProbe.Options(peer: self.peer)
    options.local = self.local
    options.interface = self.interface
    options.vrf = self.vrf
    options.isMultihop = self.isMultihop
    options.receiveInterval = .milliseconds(self.receiveInterval)
    options.transmitInterval = .milliseconds(self.transmitInterval)
    options.detectMultiplier = UInt8(clamping: self.detectMultiplier)
    options.echoInterval = self.echoMode ? .milliseconds(self.echoInterval) : nil
    options.isPassive = self.passiveMode
    options.minimumTTL = UInt8(clamping: self.minimumTTL)
    options.limit = self.seconds.map { .seconds($0) }
    let logger = Logger(label: "bfd")
    var quiet = logger
    quiet.logLevel = .error
    let probe = BFDProbe(options, logger: logger) { FileDescriptors.say($0 + "\n") }
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: [.init(service: probe, successTerminationBehavior: .gracefullyShutdownGroup)],
        gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet))
    try await group.run()
    guard probe.wasUp else { throw ExitCode.failure }
  }
}

extension IPAddress: ExpressibleByArgument {
  /// Reads it as everything else of ours does: no zone, no leading zeros.
  public init?(argument: String) {
    self.init(argument)
  }
}
