import NIOConcurrencyHelpers
import NIOSSL

/// The TLS of a server whose certificate changes while it runs: each new connection is met with the newest.
package final class RenewableTLS: Sendable {
  private let profile: TLSProfile
  private let state = NIOLockedValueBox<(identity: ServerIdentity, context: NIOSSLContext)?>(nil)

  package init(_ profile: TLSProfile) {
    self.profile = profile
  }

  /// Shows this identity from now on; false if it is shown already. One that cannot be used throws, and changes nothing.
  @discardableResult
  package func use(_ identity: ServerIdentity) throws -> Bool {
    guard self.state.withLockedValue({ $0?.identity != identity }) else { return false }
    var configuration = try identity.serverConfiguration()
    self.profile.apply(to: &configuration)
    let context = try NIOSSLContext(configuration: configuration)
    self.state.withLockedValue { $0 = (identity, context) }
    return true
  }

  /// The newest; nil = there is none yet, and nobody can be served.
  var context: NIOSSLContext? { self.state.withLockedValue { $0?.context } }
}
