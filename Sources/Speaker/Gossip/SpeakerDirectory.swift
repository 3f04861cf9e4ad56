import Gossip
import KubernetesClient
import KubernetesModel
import Logging
import Primitives
import Runner
import Synchronization

/// Tells the gossip where speakers are: the addresses of their pods, as the API server lists them (contract section 12).
///
/// The list is read every five minutes, and sooner while a speaker that runs has no address yet: it may be starting along
/// with this one, so at the very start such speakers are waited for. Every minute whoever is on the list and no member is
/// joined. A change of the own node brings the next attempt forward.
struct SpeakerDirectory: Sendable {
  private static let listInterval = Duration.seconds(300)
  private static let joinInterval = Duration.seconds(60)
  /// How long speakers without an address are waited for before the first attempt.
  private static let patience = Duration.seconds(2)

  let client: KubernetesClient
  let node: String
  let namespace: String
  let podLabels: String
  let port: UInt16
  let logger: Logger
  /// Knocks: join now.
  private let knocks = Inbox<Void>(capacity: 1)

  init(client: KubernetesClient, node: String, namespace: String, podLabels: String, port: UInt16, logger: Logger) {
    self.client = client
    self.node = node
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
    var speakers = Speakers()
    var listAt = Time.now
    let joinAt = Time.now + Self.patience
    var unaddressedInterval = Duration.milliseconds(250)
    while !Task.isCancelled {
      let now = Time.now
      var nextAt = now + Self.joinInterval
      if listAt <= now {
        do throws(APIError) {
          speakers = try await self.speakers()
          listAt = now + Self.listInterval
          if speakers.areSomeUnaddressed {
            listAt = min(listAt, now + unaddressedInterval)
            unaddressedInterval = min(unaddressedInterval * 2, Self.listInterval)
          }
          nextAt = min(nextAt, listAt)
          backoff.reset()
        } catch {
          if error == .cancelled { return }
          self.logger.warning(
            "cannot list the speakers' pods; trying again", metadata: ["reason": .string(error.description)])
          // Without a first list nobody is joined, and nothing is announced.
          if speakers.endpoints.isEmpty {
            nextAt = now + backoff.next()
            _ = await self.knocks.next(before: nextAt, on: ContinuousClock())
            continue
          }
        }
      }
      if speakers.areSomeUnaddressed, now < joinAt {
        nextAt = min(nextAt, joinAt)
      } else {
        await join(speakers.endpoints)
      }
      _ = await self.knocks.next(before: nextAt, on: ContinuousClock())
    }
  }

  private func speakers() async throws(APIError) -> Speakers {
    let pods: [Decoded<Pod>] = try await self.client.list(
      in: ListScope(namespace: self.namespace, labelSelector: self.podLabels))
    var speakers = Speakers()
    for case .object(let pod) in pods { speakers.add(pod, port: self.port, ownNode: self.node) }
    return speakers
  }
}

/// Where speakers are, by a list of their pods.
struct Speakers: Sendable, Hashable {
  private(set) var endpoints: [MemberAddress] = []
  /// Whether there are some on other nodes whose address is not known yet.
  private(set) var areSomeUnaddressed = false

  mutating func add(_ pod: Pod, port: UInt16, ownNode: String) {
    if let address = pod.status?.podIP.flatMap({ IPAddress($0) }) {
      self.endpoints.append(MemberAddress(address, port))
    } else if let node = pod.spec?.nodeName, node != ownNode, pod.metadata.deletionTimestamp == nil,
      !["Succeeded", "Failed"].contains(pod.status?.phase ?? "")
    {
      self.areSomeUnaddressed = true
    }
  }
}
