/// The state of a BFD session as the `Sta` field of a control packet carries it (RFC 5880 section 4.1).
package enum SessionState: UInt8, Sendable, Hashable, CaseIterable {
  case adminDown = 0
  case down = 1
  case initializing = 2
  case up = 3
}

extension SessionState: CustomStringConvertible {
  /// The word that routers show.
  package var description: String {
    switch self {
    case .adminDown: "adminDown"
    case .down: "down"
    case .initializing: "init"
    case .up: "up"
    }
  }
}
