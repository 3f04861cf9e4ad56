import FoundationEssentials
import NIOConcurrencyHelpers
import NIOSSL

/// The TLS of a server whose certificate changes while it runs: each new connection is met with the newest.
package final class RenewableTLS: Sendable {
  private let profile: TLSProfile
  private let state = NIOLockedValueBox<Shown?>(nil)

  private struct Shown {
    let identity: ServerIdentity
    let context: NIOSSLContext
    let expiry: Date?
  }

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
    let shown = Shown(identity: identity, context: context, expiry: identity.expiry)
    self.state.withLockedValue { $0 = shown }
    return true
  }

  /// The newest; nil = there is none yet, and nobody can be served.
  var context: NIOSSLContext? { self.state.withLockedValue { $0?.context } }

  /// When the certificate that is shown expires; nil = there is none, or it does not say.
  package var expiry: Date? { self.state.withLockedValue { $0?.expiry } }
}

extension MetricsPage {
  /// Appends when certificates expire, by what they are shown for.
  package mutating func appendCertificates(_ certificates: [(use: String, tls: RenewableTLS)]) {
    self.append(
      "metallb_certificate_expiry_timestamp_seconds", .gauge,
      help: "When the certificate that is shown expires, in seconds since unix epoch.",
      certificates.compactMap { use, tls in
        tls.expiry.map { Sample($0.timeIntervalSince1970.rounded(), labels: ["use": use]) }
      })
  }
}
