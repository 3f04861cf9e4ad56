import Primitives

/// The timers of peers in the old ConfigMap, brought into the form of a BGPPeer (contract sections 17 and 21.30).
enum LegacyTimes {
  /// The sentences are upstream's.
  enum Failure: Error, Hashable, CustomStringConvertible {
    case holdTime(String)
    case shortHoldTime(String)
    case keepaliveTime(String)

    var description: String {
      switch self {
      case .holdTime(let text): "invalid hold time \(GoText.quoted(text)): \(GoDurationFailure(of: text))"
      case .shortHoldTime(let text): "invalid hold time \(GoText.quoted(text)): must be 0 or >=3s"
      case .keepaliveTime(let text): "invalid keepalive time \(GoText.quoted(text)): \(GoDurationFailure(of: text))"
      }
    }
  }

  /// Whole seconds, 90 of them where nothing is said.
  static func holdTime(_ text: String) throws(Failure) -> String? {
    guard !text.isEmpty else { return "1m30s" }
    guard let time = GoDuration.parse(text) else { throw .holdTime(text) }
    let seconds = time.components.seconds
    guard seconds == 0 || seconds >= 3 else { throw .shortHoldTime(text) }
    return GoDuration.text(of: .seconds(seconds))
  }

  /// Whole seconds; nil where nothing is said.
  static func keepaliveTime(_ text: String) throws(Failure) -> String? {
    guard !text.isEmpty else { return nil }
    guard let time = GoDuration.parse(text) else { throw .keepaliveTime(text) }
    return GoDuration.text(of: .seconds(time.components.seconds))
  }
}
