/// Why a session last left `up`, as the `Diag` field carries it (RFC 5880 section 4.1).
package struct Diagnostic: RawRepresentable, Sendable, Hashable {
  /// 0...31; values past the named ones are reserved, and kept as received.
  package let rawValue: UInt8

  package init(rawValue: UInt8) {
    self.rawValue = rawValue & 0x1F
  }

  package static let none = Diagnostic(rawValue: 0)
  package static let controlDetectionTimeExpired = Diagnostic(rawValue: 1)
  package static let echoFunctionFailed = Diagnostic(rawValue: 2)
  package static let neighborSignaledSessionDown = Diagnostic(rawValue: 3)
  package static let forwardingPlaneReset = Diagnostic(rawValue: 4)
  package static let pathDown = Diagnostic(rawValue: 5)
  package static let concatenatedPathDown = Diagnostic(rawValue: 6)
  package static let administrativelyDown = Diagnostic(rawValue: 7)
  package static let reverseConcatenatedPathDown = Diagnostic(rawValue: 8)
}

extension Diagnostic: CustomStringConvertible {
  package var description: String {
    switch self {
    case .none: "no diagnostic"
    case .controlDetectionTimeExpired: "control detection time expired"
    case .echoFunctionFailed: "echo function failed"
    case .neighborSignaledSessionDown: "neighbor signaled session down"
    case .forwardingPlaneReset: "forwarding plane reset"
    case .pathDown: "path down"
    case .concatenatedPathDown: "concatenated path down"
    case .administrativelyDown: "administratively down"
    case .reverseConcatenatedPathDown: "reverse concatenated path down"
    default: "diagnostic \(self.rawValue)"
    }
  }
}
