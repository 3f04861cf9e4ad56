import Synchronization

/// The UID of the own pod, from the time at which the API server has told it.
package final class OwnPodIdentity: Sendable {
  private let known = Mutex<String?>(nil)

  package init() {}

  package var uid: String? { self.known.withLock { $0 } }

  /// Asks until there is an answer.
  package func learn(from pod: OwnPod) async {
    let uid = await pod.reference()?.uid
    self.known.withLock { $0 = uid }
  }
}
