import FoundationEssentials
import Gossip
import Primitives

/// The files that the gossip is set up by: the secret key, and the settings if there are some (contract section 12).
enum GossipFiles {
  /// Why a file cannot be used; the process does not start then, as it could not talk to the others.
  enum Failure: Error, Equatable, CustomStringConvertible {
    case unreadable(path: String, reason: String)
    case malformed(path: String, reason: String)
    case field(path: String, name: String, problem: String)

    var description: String {
      switch self {
      case .unreadable(let path, let reason): "cannot read \(path): \(reason)"
      case .malformed(let path, let reason): "\(path) is not a JSON object of memberlist's settings: \(reason)"
      case .field(let path, let name, let problem): "\(path): \(name) \(problem)"
      }
    }
  }

  /// The key of the cluster, from the file `secretkey` of a directory; nil if it is empty.
  static func key(in directory: String) throws(Failure) -> EncryptionKey? {
    EncryptionKey(secret: try Self.content(of: directory + "/secretkey"))
  }

  /// The settings of a file, laid over those for local networks; nil without a file.
  static func settings(_ path: String) throws(Failure) -> Settings? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    return try Self.parse(Self.content(of: path), path: path)
  }

  private static func content(of path: String) throws(Failure) -> [UInt8] {
    do {
      return Array(try Data(contentsOf: URL(filePath: path)))
    } catch {
      let reason = FileManager.default.fileExists(atPath: path) ? "\(error)" : "there is no such file"
      throw .unreadable(path: path, reason: reason)
    }
  }

  // MARK: - Settings

  /// The keys are memberlist's names. Durations must be there; numbers and switches that are not are 0 and off, as
  /// upstream has them. Those that set nothing here are accepted.
  private struct Content: Decodable {
    var TCPTimeout: String?
    var IndirectChecks: Int?
    var RetransmitMult: Int?
    var SuspicionMult: Int?
    var SuspicionMaxTimeoutMult: Int?
    var PushPullInterval: String?
    var ProbeTimeout: String?
    var ProbeInterval: String?
    var DisableTcpPings: Bool?
    var AwarenessMaxMultiplier: Int?
    var GossipNodes: Int?
    var GossipInterval: String?
    var GossipToTheDeadTime: String?
    var GossipVerifyIncoming: Bool?
    var GossipVerifyOutgoing: Bool?
    var EnableCompression: Bool?
    var HandoffQueueDepth: Int?
    var UDPBufferSize: Int?
    var QueueCheckInterval: String?
  }

  static func parse(_ bytes: [UInt8], path: String) throws(Failure) -> Settings {
    let content: Content
    do {
      content = try JSONDecoder().decode(Content.self, from: Data(bytes))
    } catch DecodingError.typeMismatch(_, let context) {
      let name = context.codingPath.last?.stringValue ?? "the document"
      throw .malformed(path: path, reason: "\(name): \(context.debugDescription)")
    } catch {
      throw .malformed(path: path, reason: "it cannot be parsed")
    }
    func duration(_ name: String, _ text: String?, atLeast least: Duration) throws(Failure) -> Duration {
      guard let text else {
        throw .field(path: path, name: name, problem: "is missing: give a duration such as \"500ms\"")
      }
      guard let duration = GoDuration.parse(text) else {
        throw .field(
          path: path, name: name, problem: "is \"\(text)\", which is no duration such as \"500ms\" or \"1m30s\"")
      }
      guard duration >= least, duration <= .seconds(86400) else {
        throw .field(path: path, name: name, problem: "is \"\(text)\": it must lie between \(least) and a day")
      }
      return duration
    }
    func number(_ name: String, _ value: Int?, _ range: ClosedRange<Int>) throws(Failure) -> Int {
      let value = value ?? 0
      guard range.contains(value) else {
        throw .field(
          path: path, name: name,
          problem: "is \(value): it must lie between \(range.lowerBound) and \(range.upperBound)")
      }
      return value
    }
    _ = try duration("QueueCheckInterval", content.QueueCheckInterval, atLeast: .zero)
    return Settings(
      streamTimeout: try duration("TCPTimeout", content.TCPTimeout, atLeast: .milliseconds(1)),
      indirectChecks: try number("IndirectChecks", content.IndirectChecks, 0...100),
      retransmitMultiplier: try number("RetransmitMult", content.RetransmitMult, 0...1000),
      suspicionMultiplier: try number("SuspicionMult", content.SuspicionMult, 0...1000),
      suspicionMaximumMultiplier: try number("SuspicionMaxTimeoutMult", content.SuspicionMaxTimeoutMult, 0...1000),
      pushPullInterval: try duration("PushPullInterval", content.PushPullInterval, atLeast: .zero),
      probeTimeout: try duration("ProbeTimeout", content.ProbeTimeout, atLeast: .milliseconds(1)),
      probeInterval: try duration("ProbeInterval", content.ProbeInterval, atLeast: .milliseconds(1)),
      usesStreamPings: !(content.DisableTcpPings ?? false),
      awarenessLimit: try number("AwarenessMaxMultiplier", content.AwarenessMaxMultiplier, 0...1000),
      gossipInterval: try duration("GossipInterval", content.GossipInterval, atLeast: .milliseconds(1)),
      gossipFanout: try number("GossipNodes", content.GossipNodes, 0...1000),
      gossipToTheDeadTime: try duration("GossipToTheDeadTime", content.GossipToTheDeadTime, atLeast: .zero),
      verifiesIncoming: content.GossipVerifyIncoming ?? false,
      encryptsOutgoing: content.GossipVerifyOutgoing ?? false,
      datagramSize: try number("UDPBufferSize", content.UDPBufferSize, 512...65_000))
  }
}
