/// Why a session that was up is so no longer.
package enum Outage: Sendable, Hashable {
  /// Nothing was heard for the detection time.
  case detectionTimeExpired
  /// Echo packets did not come back.
  case echoFailed
  /// The other end says that it is down, and why.
  case neighborDown(Diagnostic)
  /// The other end was switched off on purpose.
  case neighborDisabled
  /// This end was switched off on purpose.
  case disabled

  /// What we tell the other end.
  package var diagnostic: Diagnostic {
    switch self {
    case .detectionTimeExpired: .controlDetectionTimeExpired
    case .echoFailed: .echoFunctionFailed
    case .neighborDown, .neighborDisabled: .neighborSignaledSessionDown
    case .disabled: .administrativelyDown
    }
  }

  /// Whether the path has failed, so that those who use it must act. To switch BFD off says nothing about the path
  /// (RFC 5882 section 4.2).
  package var isFailure: Bool {
    switch self {
    case .detectionTimeExpired, .echoFailed, .neighborDown: true
    case .neighborDisabled, .disabled: false
    }
  }
}

extension Outage: CustomStringConvertible {
  package var description: String {
    switch self {
    case .detectionTimeExpired: "nothing was heard for the detection time"
    case .echoFailed: "Echo packets did not come back"
    case .neighborDown(.none): "the neighbor says that it is down"
    case .neighborDown(let diagnostic): "the neighbor says that it is down: \(diagnostic)"
    case .neighborDisabled: "the neighbor has switched BFD off"
    case .disabled: "BFD was switched off here"
    }
  }
}
