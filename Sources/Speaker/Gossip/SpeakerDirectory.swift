import Gossip
import KubernetesClient
import KubernetesModel
import Logging
import Primitives
import Runner
import Synchronization

/// Tells the gossip where speakers are: the addresses of their pods, as the API server lists them (contract section 12).
///
/// The list is read every five minutes, and every minute whoever is on it and no member is joined: after a partition that
/// lasted longer than the dead are remembered, nobody else would bring the halves together. A change of the own node
/// brings the next attempt forward.
struct SpeakerDirectory: Sendable {
  private static let listInterval = Duration.seconds(300)
  private static let joinInterval = Duration.seconds(60)

  let client: KubernetesClient
  let namespace: String
  let podLabels: String
  let port: UInt16
  let logger: Logger
  /// Knocks: join now.
  private let knocks = Inbox<Void>(capacity: 1)

  init(client: KubernetesClient, namespace: String, podLabels: String, port: UInt16, logger: Logger) {
    self.client = client
    self.namespace = namespace
    self.podLabels = podLabels
    self.port = port
    self.logger = logger
  }

  /// The next attempt is made now.
  func knock() {
    _ = self.knocks.trySend(())
  }

  /// Says whom to join, until the task is cancelled.
  func run(_ join: @Sendable ([MemberAddress]) async -> Void) async {
    var dice = SystemRandomNumberGenerator()
    var backoff = Backoff(base: .seconds(1), seed: dice.next())
    var speakers: [MemberAddress] = []
    var listAt = Time.now
    while !Task.isCancelled {
      let now = Time.now
      var nextAt = now + Self.joinInterval
      if listAt <= now {
        do throws(APIError) {
          speakers = try await self.speakers()
          listAt = now + Self.listInterval
          backoff.reset()
        } catch {
          if error == .cancelled { return }
          self.logger.warning(
            "cannot list the speakers' pods; trying again", metadata: ["reason": .string(error.description)])
          // Without a first list nobody is joined, and nothing is announced.
          if speakers.isEmpty {
            nextAt = now + backoff.next()
            _ = await self.knocks.next(before: nextAt, on: ContinuousClock())
            continue
          }
        }
      }
      await join(speakers)
      _ = await self.knocks.next(before: nextAt, on: ContinuousClock())
    }
  }

  private func speakers() async throws(APIError) -> [MemberAddress] {
    let pods: [Decoded<Pod>] = try await self.client.list(
      in: ListScope(namespace: self.namespace, labelSelector: self.podLabels))
    return pods.compactMap { pod in
      guard case .object(let pod) = pod, let address = pod.status?.podIP.flatMap({ IPAddress($0) }) else { return nil }
      return MemberAddress(address, self.port)
    }
  }
}
