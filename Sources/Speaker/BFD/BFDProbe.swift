import BFD
import HostNetwork
import KubernetesModel
import Logging
import Primitives
import Runner
import ServiceLifecycle
import Synchronization

/// Runs one BFD session with a router for as long as somebody watches, and says what happens: `metallb bfd`.
///
/// An operator tries with it whether a router and the network in between do what a BFDProfile asks, before BGP depends on it.
package final class BFDProbe: ServiceLifecycle.Service {
  private struct Moment: Sendable {
    let change: BFDService.Change
    let microseconds: Int64
  }

  /// With whom, and how; absent fields are as in a BFDProfile.
  package struct Options: Sendable {
    package var peer: IPAddress
    package var local: IPAddress?
    package var interface: String?
    package var vrf: String?
    package var isMultihop = false
    package var receiveInterval: Duration
    package var transmitInterval: Duration
    package var detectMultiplier: UInt8
    /// nil = no Echo packets.
    package var echoInterval: Duration?
    package var isPassive = false
    package var minimumTTL: UInt8
    /// nil = until it is stopped.
    package var limit: Duration?

    package init(peer: IPAddress) {
      let settings = Settings()
      self.peer = peer
      self.receiveInterval = settings.receiveInterval
      self.transmitInterval = settings.transmitInterval
      self.detectMultiplier = settings.detectMultiplier
      self.minimumTTL = settings.minimumTTL
    }
  }

  private let path: SessionPath
  private let settings: Settings
  private let limit: Duration?
  private let logger: Logger
  private let report: @Sendable (String) -> Void
  private let upState = Mutex(false)

  package init(_ options: Options, logger: Logger, report: @escaping @Sendable (String) -> Void) {
    self.path = SessionPath(
      peer: options.peer, local: options.local, interface: options.interface, vrf: options.vrf,
      isMultihop: options.isMultihop)
    self.settings = Settings(
      receiveInterval: options.receiveInterval, transmitInterval: options.transmitInterval,
      detectMultiplier: options.detectMultiplier, echo: options.echoInterval.map { .every($0) } ?? .off,
      isPassive: options.isPassive, minimumTTL: options.minimumTTL)
    self.limit = options.limit
    self.logger = logger
    self.report = report
  }

  /// Whether the session was up when the watching ended.
  package var wasUp: Bool { self.upState.withLock { $0 } }

  package func run() async throws {
    var dice = SystemRandomNumberGenerator()
    let service = try BFDService(seed: dice.next(), logger: self.logger)
    let moments = Inbox<Moment>(capacity: 1024)
    await cancelWhenGracefulShutdown {
      await withTaskGroup(of: Void.self) { group in
        group.addTask { await service.run() }
        if let limit = self.limit {
          group.addTask {
            try? await Task.sleep(for: limit)
            moments.finish()
          }
        }
        self.say("BFD with \(self.path) begins", at: Time.wallMicroseconds)
        let subscription = service.subscribe(to: self.path, self.settings) { change in
          _ = moments.trySend(Moment(change: change, microseconds: Time.wallMicroseconds))
        }
        while let moment = await moments.next(before: nil, on: ContinuousClock()) {
          self.upState.withLock { $0 = moment.change == .up }
          self.say(self.sentence(moment.change), at: moment.microseconds)
        }
        self.say(self.summary(service.readings()[self.path]), at: Time.wallMicroseconds)
        service.unsubscribe(subscription)
        group.cancelAll()
      }
    }
  }

  private func say(_ sentence: String, at microseconds: Int64) {
    self.report("\(Timestamp(microseconds: microseconds).microText) \(sentence)")
  }

  private func sentence(_ change: BFDService.Change) -> String {
    switch change {
    case .up: "up"
    case .down(let outage): "down: \(outage)"
    }
  }

  private func summary(_ reading: Session.Reading?) -> String {
    guard let reading else { return "BFD ended" }
    var parts = ["BFD ended \(reading.state)"]
    if let interval = reading.transmitInterval { parts.append("sending every \(interval.milliseconds) ms") }
    if let time = reading.detectionTime { parts.append("missing packets after \(time.milliseconds) ms") }
    if reading.isEchoing { parts.append("echoing") }
    if reading.state != .up, reading.diagnostic != .none { parts.append("\(reading.diagnostic)") }
    let counters = reading.counters
    parts.append("\(counters.controlOutput) packets sent, \(counters.controlInput) received")
    if counters.echoOutput > 0 {
      parts.append("\(counters.echoOutput) Echo packets sent, \(counters.echoInput) returned")
    }
    return parts.joined(separator: ", ")
  }
}

extension Duration {
  fileprivate var milliseconds: Int64 { Int64(self / .milliseconds(1)) }
}
