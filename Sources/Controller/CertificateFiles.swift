import FoundationEssentials
import Logging
import Serving

/// Shows the certificate that somebody else keeps in files, and its successors as they come.
struct CertificateFiles: Sendable {
  private static let interval = Duration.seconds(2)

  /// Has `tls.crt` and `tls.key`.
  let directory: String
  let tls: RenewableTLS
  let readiness: WebhookReadiness
  let logger: Logger

  /// Looks at the files until the task is cancelled. A mounted secret changes both at once, but a certificate seen without
  /// its key cannot be used, and the next look sees both.
  func run() async {
    var complaint: String?
    while !Task.isCancelled {
      do {
        if try self.tls.use(try self.read()) {
          self.logger.info("the webhooks show a new certificate", metadata: ["directory": .string(self.directory)])
        }
        self.readiness.serve()
        complaint = nil
      } catch {
        let reason = "\(error)"
        if complaint != reason {
          self.logger.error(
            "the webhooks have no usable certificate; looking again",
            metadata: ["directory": .string(self.directory), "reason": .string(reason)])
        }
        complaint = reason
      }
      try? await ContinuousClock().sleep(for: Self.interval)
    }
  }

  private func read() throws -> ServerIdentity {
    ServerIdentity(
      certificatePEM: try String(contentsOfFile: "\(self.directory)/tls.crt", encoding: .utf8),
      privateKeyPEM: try String(contentsOfFile: "\(self.directory)/tls.key", encoding: .utf8))
  }
}
