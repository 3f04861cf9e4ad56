import FoundationEssentials
import Logging
import ServiceLifecycle

/// Shows the certificate that somebody else keeps in files, and its successors as they come.
package struct CertificateFiles: Service {
  private static let interval = Duration.seconds(2)

  private let directory: String
  private let tls: RenewableTLS
  private let server: String
  private let logger: Logger
  private let onUse: @Sendable () -> Void

  /// `directory` has `tls.crt` and `tls.key`; `server` is what the log calls that which shows them, such as `the webhooks`;
  /// `onUse` hears of each look that found a certificate of use.
  package init(
    directory: String, tls: RenewableTLS, server: String, logger: Logger,
    onUse: @escaping @Sendable () -> Void = {}
  ) {
    self.directory = directory
    self.tls = tls
    self.server = server
    self.logger = logger
    self.onUse = onUse
  }

  /// Looks at the files until the task is cancelled. A mounted secret changes both at once, but a certificate seen without
  /// its key cannot be used, and the next look sees both.
  package func run() async {
    var complaint: String?
    while !Task.isCancelled {
      do {
        let identity = try self.read()
        if try self.tls.use(identity) {
          self.logger.info("\(self.server) show a new certificate", metadata: ["directory": .string(self.directory)])
        }
        self.onUse()
        let trouble = Self.trouble(with: identity)
        if let trouble, complaint != trouble {
          self.logger.error(
            "clients refuse the certificate of \(self.server); looking again for another",
            metadata: ["directory": .string(self.directory), "reason": .string(trouble)])
        }
        complaint = trouble
      } catch {
        let reason = "\(error)"
        if complaint != reason {
          self.logger.error(
            "\(self.server) have no usable certificate; looking again",
            metadata: ["directory": .string(self.directory), "reason": .string(reason)])
        }
        complaint = reason
      }
      try? await ContinuousClock().sleep(for: Self.interval)
    }
  }

  /// Why clients refuse a certificate that can be shown; nil = nothing is known against it.
  private static func trouble(with identity: ServerIdentity) -> String? {
    guard let expiry = identity.expiry, expiry < Date() else { return nil }
    return "tls.crt has expired on \(expiry)"
  }

  private func read() throws -> ServerIdentity {
    ServerIdentity(
      certificatePEM: try String(contentsOfFile: "\(self.directory)/tls.crt", encoding: .utf8),
      privateKeyPEM: try String(contentsOfFile: "\(self.directory)/tls.key", encoding: .utf8))
  }
}
