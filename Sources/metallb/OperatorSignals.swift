import Logging
import Runner
import ServiceLifecycle
import UnixSignals

/// What an operator asks of a running process by signals: SIGUSR1 has its last decisions written to the log, and SIGHUP,
/// by which others are told to read their files again, is answered with when that happens.
struct OperatorSignals: Service {
  let dumpRequests: Inbox<Void>
  let logger: Logger

  func run() async {
    for await signal in await UnixSignalsSequence(trapping: .sighup, .sigusr1).cancelOnGracefulShutdown() {
      switch signal {
      case .sigusr1: _ = self.dumpRequests.trySend(())
      default:
        self.logger.info(
          "SIGHUP changes nothing: certificates and tokens are read again by themselves when their files change")
      }
    }
  }
}
