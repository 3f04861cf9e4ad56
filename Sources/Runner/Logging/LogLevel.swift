import Logging

/// How much the process says, in upstream's words (`--log-level`, contract section 2.1).
package enum LogLevel: String, Sendable, CaseIterable {
  case all, debug, info, warn, error, none

  /// The least severe level that is still written; nil = nothing is.
  package var threshold: Logger.Level? {
    switch self {
    case .all: .trace
    case .debug: .debug
    case .info: .info
    case .warn: .warning
    case .error: .error
    case .none: nil
    }
  }
}
