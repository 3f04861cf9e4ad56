/// Why a connection, and with it perhaps a session, came to its end.
package enum EndReason: Sendable, Hashable {
  /// The peer said why.
  case received(Notification)
  /// We said why; the sentence adds what the NOTIFICATION cannot say.
  case sent(Notification, String? = nil)
  /// The connection ended without a word, or never began.
  case lost(String)
  /// We ended it without a word, so that the peer keeps our routes while we restart (RFC 4724).
  case restarting
}

extension EndReason: CustomStringConvertible {
  package var description: String {
    switch self {
    case .received(let notification): "the peer sent NOTIFICATION: \(notification)"
    case .sent(let notification, nil): "sent NOTIFICATION: \(notification)"
    case .sent(let notification, let reason?): "\(reason); sent NOTIFICATION: \(notification)"
    case .lost(let reason): reason
    case .restarting: "closed for a graceful restart"
    }
  }
}
