import Runner
import Synchronization

/// Whether the webhooks can be called: they show a certificate, and the API server trusts it.
///
/// Readiness waits for that, so that the first configuration that a user applies after `kubectl wait` finds an answer; but
/// not for ever, as the controller works without webhooks too.
final class WebhookReadiness: Sendable {
  private static let patience = Duration.seconds(10)

  private let isServing: Mutex<Bool>
  private let deadline = Time.now + WebhookReadiness.patience

  /// - Parameter isServing: nothing needs to be waited for.
  init(isServing: Bool) {
    self.isServing = Mutex(isServing)
  }

  func serve() {
    self.isServing.withLock { $0 = true }
  }

  func isReady(at now: ContinuousClock.Instant = Time.now) -> Bool {
    now >= self.deadline || self.isServing.withLock { $0 }
  }
}
