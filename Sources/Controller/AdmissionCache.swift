import Balancer
import KubernetesClient
import KubernetesModel
import Logging
import Primitives
import Runner
import Synchronization

/// The configuration objects that exist, kept by watches, so that a review need not ask the API server for them; but a
/// watch may be behind, and before something is refused for an object's sake, the API server is asked whether it is so.
final class AdmissionCache: Sendable {
  /// The objects of one kind.
  private struct Kept<R: KubernetesResource>: Sendable {
    var objects: [ObjectKey: R] = [:]
    /// Everything that existed has been told.
    var isComplete = false

    mutating func apply(_ change: ObjectChange<R>) {
      switch change {
      case .applied(let object): self.objects[object.key] = object
      case .deleted(let key): self.objects[key] = nil
      // Its last good form counts on.
      case .malformed: break
      case .synced: self.isComplete = true
      }
    }

    /// Nil = not known yet.
    var known: [R]? { self.isComplete ? Array(self.objects.values) : nil }
  }

  private struct State: Sendable {
    var pools = Kept<IPAddressPool>()
    var bgpPeers = Kept<BGPPeer>()
    var bgpAdvertisements = Kept<BGPAdvertisement>()
    var l2Advertisements = Kept<L2Advertisement>()
    var communities = Kept<CommunityAliases>()
    var bfdProfiles = Kept<BFDProfile>()
  }

  /// How long an API server that waits for a review may be asked in turn.
  private static let patience = Duration.seconds(3)

  private let client: KubernetesClient
  private let namespace: String
  private let logger: Logger
  private let state = Mutex(State())
  /// Who reaches the port can have things refused as often as he likes.
  private let questions = Mutex(TokenBucket(burst: 20, interval: .milliseconds(500), at: Time.now))

  init(client: KubernetesClient, namespace: String, logger: Logger) {
    self.client = client
    self.namespace = namespace
    self.logger = logger
  }

  /// Follows the objects until the task is cancelled.
  func run() async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.follow(IPAddressPool.self) { $0.pools.apply($1) } }
      group.addTask { await self.follow(BGPPeer.self) { $0.bgpPeers.apply($1) } }
      group.addTask { await self.follow(BGPAdvertisement.self) { $0.bgpAdvertisements.apply($1) } }
      group.addTask { await self.follow(L2Advertisement.self) { $0.l2Advertisements.apply($1) } }
      group.addTask { await self.follow(CommunityAliases.self) { $0.communities.apply($1) } }
      group.addTask { await self.follow(BFDProfile.self) { $0.bfdProfiles.apply($1) } }
    }
  }

  private func follow<R: KubernetesResource>(
    _ type: R.Type, _ apply: @escaping @Sendable (inout State, ObjectChange<R>) -> Void
  ) async {
    await Watcher(self.client, type, namespace: self.namespace, logger: self.logger).run { change in
      self.state.withLock { apply(&$0, change) }
    }
  }

  /// What the API server has now of these kinds; nil = it cannot be had.
  func newestObjects(of kinds: Set<String>) async -> ConfigurationObjects? {
    guard self.questions.withLock({ $0.take(at: Time.now) }) else { return nil }
    return try? await withTimeout(Self.patience) {
      func list<R: KubernetesResource>(_ type: R.Type = R.self) async throws -> [R]? {
        guard kinds.contains(type.type.kind) else { return nil }
        return try await self.client.list(type, in: ListScope(namespace: self.namespace)).map { object in
          guard case .object(let object) = object else { throw CancellationError() }
          return object
        }
      }
      return ConfigurationObjects(
        pools: try await list(), l2Advertisements: try await list(), bgpAdvertisements: try await list(),
        bgpPeers: try await list(), bfdProfiles: try await list(), communities: try await list())
    }
  }

  /// What is known; the kinds whose objects are not all known yet are nil.
  func objects() -> ConfigurationObjects {
    let state = self.state.withLock { $0 }
    return ConfigurationObjects(
      pools: state.pools.known, l2Advertisements: state.l2Advertisements.known,
      bgpAdvertisements: state.bgpAdvertisements.known, bgpPeers: state.bgpPeers.known,
      bfdProfiles: state.bfdProfiles.known, communities: state.communities.known)
  }
}

extension ConfigurationObjects {
  /// Whether all objects of a kind are known.
  func knows(_ kind: String) -> Bool {
    switch kind {
    case IPAddressPool.type.kind: self.pools != nil
    case BGPPeer.type.kind: self.bgpPeers != nil
    case BGPAdvertisement.type.kind: self.bgpAdvertisements != nil
    case L2Advertisement.type.kind: self.l2Advertisements != nil
    case CommunityAliases.type.kind: self.communities != nil
    case BFDProfile.type.kind: self.bfdProfiles != nil
    default: false
    }
  }
}
