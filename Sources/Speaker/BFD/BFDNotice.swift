import BFD
import Glibc
import HostNetwork
import Logging
import Primitives

/// What the log says about BFD sessions; written by a task, because the thread of the sessions must not wait.
enum BFDNotice: Sendable {
  case wanted(SessionPath, Settings, isUrgent: Bool)
  case up(SessionPath)
  case down(SessionPath, Outage)
  case closed(SessionPath)
  case cannotSend(SessionPath, SystemError)
  case recovered(SessionPath)
  case cannotListen(SystemError)
  case cannotReceive(SystemError)
  case malformed(ControlPacket.Malformed, from: IPAddress)
  case discarded(SessionTable.Discard, Arrival)

  func log(to logger: Logger) {
    switch self {
    case .wanted(let path, let settings, let isUrgent):
      logger.info("BFD session wanted", metadata: Self.metadata(path).merging(Self.metadata(settings)) { $1 })
      guard !isUrgent, min(settings.receiveInterval, settings.transmitInterval) < .milliseconds(50) else { return }
      logger.warning(
        "BFD competes with everything else for the processor: so short an interval can be missed on a busy node",
        metadata: Self.metadata(path).merging(["remedy": "give the container the capability SYS_NICE"]) { $1 })
    case .up(let path):
      logger.info("BFD session is up", metadata: Self.metadata(path))
    case .down(let path, .disabled):
      logger.info("BFD session says goodbye", metadata: Self.metadata(path))
    case .down(let path, let outage):
      logger.warning(
        "BFD session is down", metadata: Self.metadata(path).merging(["reason": "\(outage)"]) { $1 })
    case .closed(let path):
      logger.info("BFD session ended", metadata: Self.metadata(path))
    case .cannotSend(let path, let error):
      logger.error("cannot send BFD packets", metadata: Self.metadata(path).merging(["reason": "\(error)"]) { $1 })
    case .recovered(let path):
      logger.info("BFD packets can be sent again", metadata: Self.metadata(path))
    case .cannotListen(let error):
      var metadata: Logger.Metadata = ["reason": "\(error)"]
      if error.code == EADDRINUSE { metadata["remedy"] = "stop the other BFD daemon on this node, such as that of FRR" }
      logger.error("cannot receive BFD packets", metadata: metadata)
    case .cannotReceive(let error):
      logger.debug("a BFD packet could not be received", metadata: ["reason": "\(error)"])
    case .malformed(let reason, let source):
      logger.debug("a BFD packet was discarded", metadata: ["peer": "\(source)", "reason": "\(reason)"])
    case .discarded(.tooFar(let minimumTTL), let arrival):
      // The one reason that keeps a session down for ever without anybody being told.
      logger.warning(
        "BFD packets of a router are discarded, as they seem to come from too far away",
        metadata: [
          "peer": "\(arrival.source)", "ttl": "\(arrival.ttl)", "minimumTTL": "\(minimumTTL)",
          "remedy":
            "if the router is that far away, or does not send with a TTL of 255, lower minimumTtl of the BFDProfile",
        ])
    case .discarded(let reason, let arrival):
      logger.debug("a BFD packet was discarded", metadata: ["peer": "\(arrival.source)", "reason": "\(reason)"])
    }
  }

  private static func metadata(_ path: SessionPath) -> Logger.Metadata {
    var metadata: Logger.Metadata = ["peer": "\(path.peer)"]
    if let interface = path.interface { metadata["interface"] = "\(interface)" }
    if let vrf = path.vrf { metadata["vrf"] = "\(vrf)" }
    return metadata
  }

  private static func metadata(_ settings: Settings) -> Logger.Metadata {
    var metadata: Logger.Metadata = [
      "receive": "\(settings.receiveInterval)", "transmit": "\(settings.transmitInterval)",
      "multiplier": "\(settings.detectMultiplier)",
    ]
    let uncommon = settings.uncommonIntervals
    if !uncommon.isEmpty {
      // RFC 7419: a router that does BFD in hardware may round them up.
      metadata["uncommonIntervals"] = "\(uncommon.map(\.description).joined(separator: ", "))"
    }
    return metadata
  }
}

/// Keeps what can be said many times a second to once a minute.
struct BFDComplaints {
  private var saidAt: [IPAddress?: ContinuousClock.Instant] = [:]

  /// Whether a notice is to be logged now.
  mutating func admits(_ notice: BFDNotice, at now: ContinuousClock.Instant) -> Bool {
    let about: IPAddress?
    switch notice {
    case .discarded(.tooFar, let arrival): about = arrival.source
    case .cannotListen: about = nil
    default: return true
    }
    if let last = self.saidAt[about], last + .seconds(60) > now { return false }
    // Only configured peers get this far, so that there are few.
    self.saidAt[about] = now
    return true
  }
}
